//! Links: what is told of them, and the pilot's choice of one.
//!
//! Invariant: a choice is a request like any other, with a receipt and in the record.

use vedette_model::{LinkId, LinkReport, OperatorId, Refusal, Request, RequestBody, Retry, VehicleId};

use crate::station::Station;
use crate::view::NoticeKind;

/// A choice of link lapses after this, milliseconds.
const CHOICE_EXPIRES_MS: i64 = 5_000;

impl Station {
    pub(crate) fn link(&mut self, report: &LinkReport) {
        let before = self.view.links.insert(report.link, report.clone());
        if report.id_clashes > 0 && before.is_none_or(|b| b.id_clashes == 0) {
            self.notice(
                NoticeKind::Warning,
                format!(
                    "{}: another station speaks under this station's own id; give one of them another",
                    report.endpoint
                ),
            );
        }
    }

    pub(crate) fn use_link(&mut self, who: &OperatorId, id: VehicleId, link: Option<LinkId>) -> Result<(), Refusal> {
        let v = self.view.vehicles.get(&id).ok_or_else(|| Refusal::Missing {
            what: format!("aircraft {id}"),
        })?;
        if let Some(link) = link
            && !v.paths.iter().any(|p| p.link == link)
        {
            return Err(Refusal::Missing {
                what: format!("way to {} by {link}", v.tail),
            });
        }
        let uid = v.identity.as_ref().map_or(0, |i| i.uid);
        let what = match link {
            Some(link) => format!("use {link} · {}", v.tail),
            None => format!("use the best link · {}", v.tail),
        };
        let request = Request {
            id: self.command_id(),
            vehicle: id,
            uid,
            body: RequestBody::UseLink(link),
            retry: Retry::Once,
            expires: self.view.now.plus_ms(CHOICE_EXPIRES_MS),
        };
        self.send(who, &what, request);
        Ok(())
    }
}
