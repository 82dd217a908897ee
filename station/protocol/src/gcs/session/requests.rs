//! Requests of the station: to whom they may go, and which service takes them.
//!
//! Invariant: nothing is taken after it lapsed, for another airframe than it was given for, or while
//! two aircraft answer to the id; every request taken ends with a report.

use vedette_model::{CommandOutcome, Mono, Report, Request, RequestBody};

use super::Session;
use crate::gcs::command::{Class, Job};
use crate::gcs::order::{self, Aircraft};
use crate::gcs::outbox::Outbox;

impl Session {
    /// Takes a request of the station.
    pub(crate) fn submit(&mut self, now: Mono, request: Request, us: (u8, u8), out: &mut Outbox) {
        let refuse = |why: String, out: &mut Outbox| {
            out.report(
                now,
                Report::CommandDone {
                    id: request.id,
                    outcome: CommandOutcome::Refused(why),
                },
            );
        };
        if now >= request.expires {
            return refuse("it lapsed before it could be sent".to_owned(), out);
        }
        if self.duplicate_until.is_some_and(|t| now < t) {
            return refuse(
                format!(
                    "a second aircraft uses system id {}; give it another id first",
                    self.system
                ),
                out,
            );
        }
        if request.uid != 0 && request.uid != self.identity.uid {
            return refuse(
                format!(
                    "the order was given for the aircraft with uid {:016x}, but system id {} is now {:016x}",
                    request.uid, self.system, self.identity.uid
                ),
                out,
            );
        }
        match request.body {
            RequestBody::Order(ref order) => {
                let aircraft = Aircraft {
                    family: self.identity.family,
                    airframe: self.airframe,
                    kind: self.kind,
                    component: self.identity.component,
                    gimbal: self.gimbal.unwrap_or(self.identity.component),
                    gimbal_foreign: self.gimbal_owner.is_some_and(|o| o != us),
                    camera: self.camera,
                    armed: self.armed,
                    landed: self.landed,
                    home: self.home,
                    mission_total: self.mission_total,
                };
                match aircraft.steps(order) {
                    Err(why) => refuse(why, out),
                    Ok((class, steps)) => self.desk.submit(
                        now,
                        Job {
                            id: request.id,
                            name: order.name(),
                            class,
                            retry: request.retry,
                            expires: request.expires,
                            steps,
                        },
                        out,
                    ),
                }
            }
            RequestBody::Upload { kind, items } => {
                self.transfers
                    .submit(now, Some(request.id), kind, Some(items), request.expires, out);
            }
            RequestBody::Download { kind } => {
                self.transfers
                    .submit(now, Some(request.id), kind, None, request.expires, out);
            }
            RequestBody::UseLink(link) => {
                let outcome = match self.paths.use_link(now, link) {
                    Ok(()) => CommandOutcome::Accepted,
                    Err(why) => CommandOutcome::Refused(why),
                };
                out.report(
                    now,
                    Report::CommandDone {
                        id: request.id,
                        outcome,
                    },
                );
            }
            RequestBody::OperatorControl { take, allow_takeover } => {
                let job = Job {
                    id: request.id,
                    name: "CONTROL",
                    class: Class::Camera,
                    retry: request.retry,
                    expires: request.expires,
                    steps: vec![order::operator_control(self.identity.component, take, allow_takeover)],
                };
                self.desk.submit(now, job, out);
            }
            body => {
                let rest = self.services.submit(now, request.id, body, request.expires, out);
                debug_assert!(rest.is_none(), "a request nobody serves: {rest:?}");
            }
        }
        self.poll(now, out);
    }
}
