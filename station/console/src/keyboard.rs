//! Keys as they were pressed, also when a frame was slow: one state of the modifier keys a frame.
//!
//! The panels' input knows one state of Ctrl, Shift, Alt and Super for a whole frame. When a slow
//! frame takes in a whole chord — Ctrl down, A down, A up, Ctrl up — that state is "nothing held",
//! and the chord would be typed as a letter, or be taken for the key of an order. So what follows a
//! change of the modifiers waits for the next frame.
//!
//! Invariant: no key is lost or reordered; every frame takes in at least one waiting key.

use std::collections::VecDeque;

use bevy::ecs::message::MessageCursor;
use bevy::input::keyboard::{Key, KeyboardInput};
use bevy::prelude::*;

/// Keys that wait for the next frame.
#[derive(Resource, Default)]
pub(crate) struct Waiting(VecDeque<KeyboardInput>);

fn is_modifier(key: &Key) -> bool {
    matches!(
        key,
        Key::Control | Key::Shift | Key::Alt | Key::AltGraph | Key::Super | Key::Meta
    )
}

/// How many of the waiting keys share one state of the modifiers: changes of it first, then other
/// keys, up to the next change. `true` stands for a modifier key.
fn in_one_state(keys: impl IntoIterator<Item = bool>) -> usize {
    let mut others = false;
    let mut n = 0;
    for modifier in keys {
        if modifier && others {
            break;
        }
        others |= !modifier;
        n += 1;
    }
    n
}

/// Lets through what belongs to one state of the modifiers, before anything reads keys.
pub(crate) fn pace(
    mut keys: ResMut<Messages<KeyboardInput>>,
    mut seen: Local<MessageCursor<KeyboardInput>>,
    mut waiting: ResMut<Waiting>,
) {
    waiting.0.extend(seen.read(&keys).cloned());
    if waiting.0.is_empty() {
        return;
    }
    keys.clear();
    let n = in_one_state(waiting.0.iter().map(|k| is_modifier(&k.logical_key)));
    for k in waiting.0.drain(..n) {
        keys.write(k);
    }
    seen.clear(&keys);
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::input::ButtonState;
    use bevy::input::keyboard::KeyCode;
    use bevy::input::keyboard::KeyboardFocusLost;
    use bevy_egui::input::{ModifierKeysState, write_modifiers_keys_state_system};

    #[test]
    fn a_chord_ends_where_its_modifier_does() {
        // Ctrl down, A down, A up | Ctrl up, B down, B up | Shift down, C down.
        let keys = [true, false, false, true, false, false, true, false];
        assert_eq!(in_one_state(keys), 3);
        assert_eq!(in_one_state(keys[3..].iter().copied()), 3);
        assert_eq!(in_one_state(keys[6..].iter().copied()), 2);
        assert_eq!(in_one_state([true, true, false]), 3, "Ctrl and Shift together");
        assert_eq!(in_one_state([]), 0);
    }

    fn key(logical: Key, code: KeyCode, down: bool) -> KeyboardInput {
        KeyboardInput {
            key_code: code,
            logical_key: logical,
            state: if down {
                ButtonState::Pressed
            } else {
                ButtonState::Released
            },
            text: None,
            repeat: false,
            window: Entity::PLACEHOLDER,
        }
    }

    /// What each frame reads of one slow frame's keys, with the modifiers it counts them under.
    #[derive(Resource, Default)]
    struct Read(Vec<(String, bool)>);

    fn read(mut keys: MessageReader<KeyboardInput>, held: Res<ModifierKeysState>, mut out: ResMut<Read>) {
        for k in keys.read() {
            if let (Key::Character(c), true) = (&k.logical_key, k.state.is_pressed()) {
                out.0.push((c.to_string(), held.ctrl));
            }
        }
    }

    #[test]
    fn a_chord_of_one_slow_frame_is_a_chord_and_types_nothing() {
        let mut app = App::new();
        app.add_message::<KeyboardInput>()
            .add_message::<KeyboardFocusLost>()
            .init_resource::<Waiting>()
            .init_resource::<ModifierKeysState>()
            .init_resource::<Read>()
            .add_systems(PreUpdate, (pace, write_modifiers_keys_state_system, read).chain());
        let (ctrl, a, b) = (KeyCode::ControlLeft, KeyCode::KeyA, KeyCode::KeyB);
        let letter = |c: &str| Key::Character(c.into());
        for k in [
            key(Key::Control, ctrl, true),
            key(letter("a"), a, true),
            key(letter("a"), a, false),
            key(Key::Control, ctrl, false),
            key(letter("b"), b, true),
            key(letter("b"), b, false),
        ] {
            app.world_mut().write_message(k);
        }
        for _ in 0..5 {
            app.update();
        }
        let got = &app.world().resource::<Read>().0;
        assert_eq!(got[..], [("a".to_owned(), true), ("b".to_owned(), false)]);
    }
}
