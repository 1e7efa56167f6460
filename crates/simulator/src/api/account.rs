//! The account and its settings.

use serde_json::json;

use crate::{api::Call, reply::Reply, wire};

impl Call<'_> {
    pub(super) fn account(&self) -> Reply {
        let config = &self.world.config;
        let created = self.world.users.records().map(|user| user.created_at).min();
        Reply::ok(&json!({
            "domain": config.subdomain,
            "status": { "status": "active", "notification": null },
            "created_datetime": created.map(|at| wire::time(config, at)),
            "deactivated_datetime": null,
            "settings": self.setting_rows(),
            "meta": { "timezone": config.timezone },
        }))
    }

    pub(super) fn settings(&self) -> Reply {
        Reply::ok(&json!({ "data": self.setting_rows() }))
    }

    fn setting_rows(&self) -> serde_json::Value {
        let timezone = &self.world.config.timezone;
        json!([{
            "id": 1,
            "type": "business-hours",
            "data": {
                "timezone": timezone,
                "business_hours": [
                    { "days": "1,2,3,4,5", "from_time": "09:00", "to_time": "17:00" },
                ],
            },
        }])
    }
}
