//! Reading users and roles.

use serde_json::{Map, Value, json};

use crate::{
    api::{
        Call,
        listing::{Listing, MetaShape},
    },
    config::{DefaultOrder, EmailFilter, ListShape, RoleDialect, Totals, Walk},
    paging::{Heading, Key, Page, Rows, Spot},
    reply::{Refusal, Reply},
    users::{Order, Role, UserRecord, UserTable},
    wire::{self, Place},
};

/// What a list can be ordered by.
const ORDERS: [&str; 4] = ["name", "created_datetime", "email", "role.name"];

/// What a list of users is narrowed to.
struct Filter<'a> {
    email: Option<&'a str>,
    external_id: Option<&'a str>,
    search: Option<String>,
    roles: Vec<Role>,
    letters: EmailFilter,
}

impl Filter<'_> {
    fn keeps(&self, user: &UserRecord) -> bool {
        let same_email = |email: &str| match self.letters {
            EmailFilter::Exact => user.email == email,
            EmailFilter::AnyCase => user.email.to_lowercase() == email.to_lowercase(),
        };
        self.email.is_none_or(same_email)
            && self.external_id.is_none_or(|id| user.external_id.as_deref() == Some(id))
            && self.search.as_ref().is_none_or(|text| {
                user.name.to_lowercase().contains(text) || user.email.to_lowercase().contains(text)
            })
            && (self.roles.is_empty() || self.roles.contains(&user.role))
    }
}

type Walked<'t> = Box<dyn Iterator<Item = &'t UserRecord> + 't>;

impl Call<'_> {
    pub(super) fn list_users(&self) -> Result<Reply, Refusal> {
        let default = match self.world.config.default_order {
            DefaultOrder::Name => "name:asc",
            DefaultOrder::Created => "created_datetime:asc",
        };
        let listing = self.listing(&ORDERS, default)?;
        let filter = self.user_filter()?;
        let page = self.user_page(self.world.readable(), &listing, &filter);
        let meta = self.user_count(&filter);
        Ok(self.page_reply(&page, &listing, (MetaShape::Cursors, meta), |user| {
            wire::user(&self.world.config, user, Place::InList)
        }))
    }

    fn user_filter(&self) -> Result<Filter<'_>, Refusal> {
        let query = &self.request.query;
        let mut roles = Vec::new();
        for name in query.all("roles") {
            let named: Vec<Role> = Role::ALL
                .into_iter()
                .filter(|role| wire::role_name(&self.world.config, *role) == name)
                .collect();
            if named.is_empty() {
                return Err(Refusal::field("roles", format!("There is no role {name}.")));
            }
            roles.extend(named);
        }
        Ok(Filter {
            email: query.one("email"),
            external_id: query.one("external_id"),
            search: query.one("search").map(str::to_lowercase),
            roles,
            letters: self.world.config.email_filter,
        })
    }

    fn user_page<'t>(
        &self,
        users: &'t UserTable,
        listing: &Listing,
        filter: &'t Filter<'t>,
    ) -> Page<'t, UserRecord> {
        let (field, heading) = listing.sort();
        let order = match field {
            "created_datetime" => Order::Created,
            "email" => Order::Email,
            "role.name" => Order::Role,
            _ => Order::Name,
        };
        // One address is at most one user: no walk through all others to find it.
        let found: Option<Vec<&UserRecord>> = filter
            .email
            .map(|email| users.with_email(email).filter(|user| filter.keeps(user)).collect());
        if let Some(rows) = found {
            return Page { rows, next: None, previous: None };
        }
        let wanted = match self.world.config.list {
            ListShape::Bare => usize::MAX - 1,
            _ => listing.limit,
        };
        let rows = Rows::new(
            heading,
            |heading: Heading, from: Option<&Key>| -> Walked<'t> {
                Box::new(users.walk(order, heading, from).filter(|user| filter.keeps(user)))
            },
            move |user: &UserRecord| UserTable::key(user, order),
        );
        let by_count = self.world.config.walk == Walk::Offset && order != Order::Created;
        let start = Spot::Offset(0);
        let spot = listing.spot.as_ref().or(by_count.then_some(&start));
        rows.page(spot, wanted, listing.shift)
    }

    fn user_count(&self, filter: &Filter<'_>) -> Map<String, Value> {
        let users = self.world.readable();
        let everyone = filter.email.is_none()
            && filter.external_id.is_none()
            && filter.search.is_none()
            && filter.roles.is_empty();
        let count = || {
            if everyone {
                users.len()
            } else {
                users.records().filter(|user| user.exists() && filter.keeps(user)).count()
            }
        };
        let (name, value) = match self.world.config.totals {
            Totals::Absent => return Map::new(),
            Totals::Null => ("total_resources", Value::Null),
            Totals::Resources => ("total_resources", json!(count())),
            Totals::Count => ("total_count", json!(count())),
        };
        Map::from_iter([(name.to_owned(), value)])
    }

    /// The caller for 0, else the number itself.
    pub(super) const fn meant(&self, id: u64) -> u64 {
        if id == 0 { self.caller.id } else { id }
    }

    pub(super) fn show_user(&self, id: u64) -> Result<Reply, Refusal> {
        let id = self.meant(id);
        let user = self.world.readable().get(id).ok_or_else(|| Refusal::missing("User", id))?;
        Ok(Reply::ok(&wire::user(&self.world.config, user, Place::Alone)))
    }

    pub(super) fn list_roles(&self) -> Result<Reply, Refusal> {
        let config = &self.world.config;
        if config.roles != RoleDialect::IdAndName {
            return Err(Refusal::new(404, "Not found."));
        }
        let roles: Vec<Value> =
            wire::assignable(config).iter().map(|role| wire::role(config, *role)).collect();
        let meta = json!({ "next_cursor": null, "prev_cursor": null });
        let meta = meta.as_object().cloned().unwrap_or_default();
        Ok(self.enveloped(&roles, &meta))
    }
}
