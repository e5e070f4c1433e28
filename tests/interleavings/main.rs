//! Every model, as a test. Bounds: at most three threads beside the main one, and three preemptions; within these, loom
//! tries every interleaving.

macro_rules! models {
    ($($file:ident { $($model:ident)* })*) => {$(
        mod $file {
            $(
                #[test]
                fn $model() {
                    breaker_interleavings::models::$file::$model();
                }
            )*
        }
    )*};
}

models! {
    trips {
        failures_in_a_row
        failures_within_a_time
        failures_among_calls
        a_rate_of_calls
        a_rate_of_time
        rates_of_threads_that_share_their_counts
        a_success_and_a_failure_come_in_either_order_but_both_count
        a_success_that_brings_enough_calls_is_noticed_by_itself_or_by_the_next_one
        a_failure_is_watched_although_a_success_has_just_seen_none
        a_success_that_races_with_a_streak_ends_it_before_or_after
        a_call_that_ends_after_the_trip_leaves_no_trace_in_the_next_window
    }
    probes {
        never_more_probes_than_places
        a_place_given_back_is_taken_once
        of_a_successful_and_a_failed_probe_one_decides_and_the_other_counts_or_is_late
        probes_that_decide_together_decide_once
        an_overdue_period_ends_once_although_its_probe_answers_at_that_moment
        a_late_call_takes_no_place_and_gives_none
        a_ramp_lets_its_share_pass_and_no_more
    }
    places {
        never_more_calls_than_places
        a_limit_that_goes_while_calls_are_under_way_loses_no_place
        a_limit_that_comes_to_a_breaker_with_another_one_loses_no_place
        settings_of_a_family_that_race_lose_no_place
    }
    changes {
        closing_comes_before_the_trip_which_is_late_then_or_after_it
        a_mode_is_set_once_whatever_trips
        of_two_people_both_are_heard
        a_forced_opening_that_ends_admits_one_probe
    }
    classes {
        a_report_has_the_class_of_each_failure_that_the_rule_counted
        a_class_that_two_find_at_once_is_one
        a_failure_that_races_with_the_end_of_its_epoch_stands_in_no_report_of_the_next_one
    }
    rejections {
        a_time_is_that_of_its_period
    }
    running {
        quick_calls_are_never_taken_for_overdue_ones
        an_overdue_call_is_counted_once_until_it_ends
        a_slow_call_is_not_counted_twice_among_calls
        a_slow_call_is_not_counted_twice_within_a_time
    }
    harmless {
        of_failures_within_a_time_one_notices
        of_failures_within_a_time_that_share_their_counts_one_notices
    }
    families {
        two_calls_that_bring_one_key_share_its_breaker
        a_key_that_takes_a_place_does_not_hear_of_the_one_before
        a_key_that_comes_back_has_one_breaker_wherever_its_shortcut_leads
        who_looks_at_a_breaker_sees_one_key_only
        new_settings_reach_a_key_that_comes_meanwhile
    }
    listeners {
        two_changes_of_a_breaker_are_heard_in_order
        three_changes_are_told_in_order_whoever_comes_first
        a_listener_that_comes_while_changes_race_misses_none_from_then_on
        what_is_not_read_is_counted_as_missed
        a_reader_that_sleeps_is_woken
        after_its_end_a_listener_hears_nothing
        what_a_breaker_that_is_gone_has_told_is_heard
    }
    settings {
        a_success_that_is_held_up_until_slow_calls_count_takes_no_call_for_a_slow_one
        a_change_and_a_trip_have_one_order
        a_trip_by_new_settings_comes_after_their_change
        a_change_between_a_trip_and_a_closing_has_a_number_of_its_own
        of_two_changes_both_are_made_and_one_can_be_taken_back
        a_window_that_grows_loses_no_failure_from_before
    }
}

/// A model that nobody runs proves nothing.
#[test]
fn no_model_is_forgotten() {
    let sources = [
        include_str!("models/trips.rs"),
        include_str!("models/probes.rs"),
        include_str!("models/changes.rs"),
        include_str!("models/classes.rs"),
        include_str!("models/running.rs"),
        include_str!("models/listeners.rs"),
        include_str!("models/settings.rs"),
        include_str!("models/families.rs"),
    ];
    let models = sources.iter().flat_map(|source| source.lines()).filter_map(|line| line.strip_prefix("pub fn "));
    for name in models.filter_map(|line| line.split('(').next()) {
        assert!(include_str!("main.rs").lines().any(|line| line.trim() == name), "{name} is not run");
    }
}
