//! The evasion suite: each item of the catalogue without us (it works) and with us (recorded, refused, or said to be incomplete).
//! `SEKISHO_CASE=A01,B03` chooses cases; `SEKISHO_ALONE=1` only shows that they work without us.
use e2e::suite;

#[test]
fn nothing_escapes_the_tracing() {
    suite::run("a_tracing");
}

#[test]
fn every_call_that_acts_is_recorded() {
    suite::run("a31_acts");
}

#[test]
fn changing_or_unreadable_arguments_do_not_mislead() {
    suite::run("b_arguments");
}

#[test]
fn names_that_lie_are_seen_through() {
    suite::run("c_names");
}

#[test]
fn what_ran_is_what_is_recorded() {
    suite::run("d_programs");
}

#[test]
fn content_is_what_it_was() {
    suite::run("e_content");
}

#[test]
fn help_from_outside_is_named() {
    suite::run("f_delegation");
}

#[test]
fn the_recorder_cannot_be_reached() {
    suite::run("g_recorder");
}

#[test]
fn every_way_out_is_recorded() {
    suite::run("i_network");
}

#[test]
fn exotic_interfaces_are_refused_and_recorded() {
    suite::run("j_kernel");
}

#[test]
fn normal_builds_go_on_working() {
    suite::run("k_twins");
}

#[test]
fn what_is_not_in_the_catalogue_is_seen_too() {
    suite::run("l_more");
}

#[test]
fn what_leads_elsewhere_is_told_as_it_is() {
    suite::run("m_elsewhere");
}

#[test]
fn what_takes_two_steps_is_told_as_it_is() {
    suite::run("n_mixed");
}
