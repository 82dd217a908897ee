//! Judges a patrol plan without any planner code; the only maker of a ValidPlan.
