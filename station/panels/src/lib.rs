//! egui functions of the StationView that return intents.
