//! Links: what is told of them, and the pilot's choice of one.
//!
//! Invariant: a choice is a request like any other, with a receipt and in the record.

use vedette_model::{
    LinkId, LinkReport, OperatorId, Receipt, ReceiptState, Refusal, Request, RequestBody, Retry, VehicleId,
};

use crate::input::Effect;
use crate::station::Station;
use crate::view::{EventKind, NoticeKind};

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
        let now = self.view.now;
        let command = self.command_id();
        if self.view.receipts.len() == 200 {
            self.view.receipts.remove(0);
        }
        self.view.receipts.push(Receipt {
            id: command,
            vehicle: id,
            what: what.clone(),
            by: who.clone(),
            at: now,
            state: ReceiptState::Sent,
            since: now,
        });
        self.effects.push_back(Effect::Request(Request {
            id: command,
            vehicle: id,
            uid,
            body: RequestBody::UseLink(link),
            retry: Retry::Once,
            expires: now.plus_ms(CHOICE_EXPIRES_MS),
        }));
        self.mark(EventKind::Operator, Some(id), format!("{what} by {who}"));
        Ok(())
    }
}
