//! Worker processes that are treated badly: killed, misbehaving, interrupted, left alone.
//! It does not test what they compute: see `scheduler/tests/engine`.
#![cfg_attr(target_os = "linux", expect(unsafe_code, reason = "signals, faults and pidfds"))]

#[cfg(target_os = "linux")]
mod bags;
#[cfg(target_os = "linux")]
mod bodies;
#[cfg(target_os = "linux")]
mod deadlocks;
mod deaths;
#[cfg(target_os = "linux")]
mod endings;
#[cfg(target_os = "linux")]
mod healthy;
#[cfg(target_os = "linux")]
mod helper;
#[cfg(target_os = "linux")]
mod interrupts;
#[cfg(target_os = "linux")]
mod kills;
#[cfg(target_os = "linux")]
mod manners;
#[cfg(target_os = "linux")]
mod output;
#[cfg(target_os = "linux")]
mod recordings;
#[cfg(target_os = "linux")]
mod runner;
#[cfg(target_os = "linux")]
mod spilling;
#[cfg(target_os = "linux")]
mod stalls;
#[cfg(target_os = "linux")]
mod zygote;

/// Each case runs in a process of its own, which is `main` of this binary with the case's name.
#[cfg(target_os = "linux")]
const CASES: &[runner::Case] = &[
    ("kills::two_hundred_from_outside", kills::two_hundred_from_outside),
    ("kills::of_the_parent_leave_no_orphan", kills::of_the_parent_leave_no_orphan),
    ("kills::of_the_forking_thread_leave_no_child", kills::thread_leaves_no_child),
    ("endings::of_bodies_are_errors_that_say_how", endings::of_bodies),
    ("endings::by_a_panic_in_a_drop", endings::by_a_panic_in_a_drop),
    ("endings::by_a_payload_that_panics", endings::by_a_payload_that_panics),
    ("endings::after_a_caught_panic_are_no_panic", endings::after_a_caught_panic),
    ("deaths::read_as_they_should", deaths::read_as_they_should),
    ("deaths::tell_no_lines_of_others", deaths::tell_no_lines_of_others),
    ("deaths::for_lack_of_memory", deaths::for_lack_of_memory),
    ("interrupts::the_first_lets_tasks_finish", interrupts::the_first_lets_tasks_finish),
    ("interrupts::the_second_terminates", interrupts::the_second_terminates),
    ("interrupts::the_third_kills", interrupts::the_third_kills),
    ("interrupts::a_handler_of_the_user_stays", interrupts::a_handler_of_the_user_stays),
    ("interrupts::a_closed_terminal_terminates", interrupts::a_closed_terminal_terminates),
    ("interrupts::to_stop_stops_workers_and_clocks", interrupts::to_stop_stops_workers),
    ("interrupts::are_not_ignored_by_children_of_tasks", interrupts::are_not_ignored),
    ("output::is_whole_lines_in_a_pipe", output::is_whole_lines_in_a_pipe),
    ("output::is_whole_lines_in_a_file", output::is_whole_lines_in_a_file),
    ("output::of_the_parent_is_printed_once", output::of_the_parent_is_printed_once),
    ("output::of_a_parent_with_threads_is_printed_once", output::with_threads_printed_once),
    ("output::that_somebody_locks_holds_up_no_run", output::that_somebody_locks),
    ("output::into_a_closed_pipe_leaves_no_orphan", output::into_a_closed_pipe),
    ("output::that_a_task_closes_costs_nothing", output::that_a_task_closes),
    ("deadlocks::on_a_pool_of_rayon", deadlocks::on_a_pool_of_rayon),
    ("deadlocks::on_a_runtime_of_tokio", deadlocks::on_a_runtime_of_tokio),
    ("deadlocks::on_a_mutex", deadlocks::on_a_mutex),
    ("deadlocks::on_the_standard_output", deadlocks::on_the_standard_output),
    ("deadlocks::of_threads_of_the_task", deadlocks::of_threads_of_the_task),
    ("deadlocks::by_the_task_itself", deadlocks::by_the_task_itself),
    ("deadlocks::of_a_run_off_the_main_thread", deadlocks::of_a_run_off_the_main_thread),
    ("deadlocks::behind_a_panic", deadlocks::behind_a_panic),
    ("deadlocks::of_one_task_leave_the_others_alone", deadlocks::leave_the_others_alone),
    ("healthy::tasks_are_never_proved_locked", healthy::tasks_are_never_proved_locked),
    ("spilling::leaves_nothing_behind", spilling::leaves_nothing_behind),
    ("spilling::without_a_folder", spilling::without_a_folder),
    ("spilling::beyond_its_limit", spilling::beyond_its_limit),
    ("spilling::when_a_write_is_refused", spilling::when_a_write_is_refused),
    ("bags::a_death_in_a_shuffle", bags::a_death_in_a_shuffle),
    ("bags::a_death_in_a_fold", bags::a_death_in_a_fold),
    ("bags::groups_beyond_memory", bags::groups_beyond_memory),
    ("bags::folds_beyond_memory", bags::folds_beyond_memory),
    ("stalls::are_explained_or_ended", stalls::are_explained_or_ended),
    ("zygote::serves_a_program_with_threads", zygote::serves_a_program_with_threads),
    ("zygote::runs_what_delayed_makes", zygote::runs_what_delayed_makes),
    ("zygote::measures_what_it_runs", zygote::measures_what_it_runs),
    ("zygote::is_left_aside_by_captures", zygote::is_left_aside_by_captures),
    ("zygote::replaces_the_dead", zygote::replaces_the_dead),
    ("zygote::tells_how_a_worker_ended", zygote::tells_how_a_worker_ended),
    ("zygote::is_asked_through_signals", zygote::is_asked_through_signals),
    ("zygote::limits_the_memory_of_its_workers", zygote::limits_the_memory_of_its_workers),
    ("zygote::is_deaf_to_a_closed_terminal", zygote::is_deaf_to_a_closed_terminal),
    ("zygote::knows_persisted_values", zygote::knows_persisted_values),
    ("zygote::outlives_an_interrupt", zygote::outlives_an_interrupt),
    ("zygote::ends_with_the_program", zygote::ends_with_the_program),
    ("zygote::that_is_killed_is_an_error", zygote::that_is_killed_is_an_error),
    ("zygote::is_wanted_first_in_main", zygote::is_wanted_first_in_main),
    ("output::is_told_with_its_task", output::is_told_with_its_task),
    ("output::is_shown_with_its_task", output::is_shown_with_its_task),
    ("output::without_end_takes_no_memory", output::without_end),
    ("output::that_is_no_text_is_survived", output::that_is_no_text),
    ("recordings::of_a_killed_process", recordings::of_a_killed_process),
    ("recordings::of_a_run_that_fails", recordings::of_a_run_that_fails),
    ("recordings::without_room", recordings::without_room),
    ("recordings::with_runs_inside_of_tasks", recordings::with_runs_inside_of_tasks),
    ("recordings::of_a_dead_lock", recordings::of_a_dead_lock),
    ("manners::offsets_of_files_stay", manners::offsets_of_files_stay),
    ("manners::inner_pools_have_one_thread", manners::inner_pools_have_one_thread),
    ("manners::a_sleeping_worker_costs_nothing", manners::a_sleeping_worker_costs_nothing),
    ("manners::workers_are_killed_before_their_parent", manners::workers_step_forward),
    ("manners::descriptors_are_given_back", manners::descriptors_are_given_back),
    ("manners::ignored_children_are_no_trouble", manners::ignored_children_are_no_trouble),
];

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    if let Some(code) = helper::main() {
        return code;
    }
    runner::main(CASES)
}

#[cfg(not(target_os = "linux"))]
fn main() {}
