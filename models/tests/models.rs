//! Runs all models; each looks at thousands of executions, all of them together in seconds.
//! It does not know what they look for.

/// A test of the same name for each model.
macro_rules! models {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            tine_models::$name();
        })*
    };
}

models! {
    owner_and_thieves
    a_dead_owner_is_followed
    facts_arrive_in_order
    nobody_sleeps_beside_work
    nobody_sleeps_through_the_end
    consumers_free_once
    a_dead_consumer_is_followed
    readers_and_a_spiller
    a_dead_spiller_is_followed
}
