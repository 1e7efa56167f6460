//! The pages that people see: the question, and what is wrong with it. No scripts.

use std::fmt::Write;

use super::scopes;

/// What the consent page shows and sends back.
pub(super) struct Question<'a> {
    pub(super) app: &'a str,
    pub(super) subdomain: &'a str,
    /// The user who is asked.
    pub(super) email: &'a str,
    pub(super) scopes: &'a [String],
    /// The parameters that the form repeats.
    pub(super) fields: &'a [(&'a str, &'a str)],
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;background:#f4f4f5;color:#18181b;\
margin:0;padding:8vh 1rem}main{max-width:26rem;margin:auto;background:#fff;padding:2rem;\
border:1px solid #d4d4d8;border-radius:12px}h1{font-size:1.25rem;margin:0 0 1rem}\
ul{padding-left:1.25rem}code{background:#f4f4f5;padding:0 .25rem;border-radius:4px}\
form{display:flex;gap:.75rem;margin-top:1.5rem}button{flex:1;font:inherit;padding:.6rem;\
border-radius:8px;border:1px solid #71717a;background:#fff;cursor:pointer}\
button.yes{background:#18181b;border-color:#18181b;color:#fff}\
small{display:block;margin-top:1.5rem;color:#52525b}";

fn page(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main>{body}\
         <small>A simulated helpdesk; nothing here is made by Gorgias.</small>\
         </main></body></html>\n"
    )
}

/// The question whether an app may act, with two buttons.
pub(super) fn consent(question: &Question<'_>) -> String {
    let Question { app, subdomain, email, scopes, fields } = question;
    let (app, subdomain, email) = (escaped(app), escaped(subdomain), escaped(email));
    let mut body = format!(
        "<h1>Allow {app} to work in {subdomain}?</h1>\
         <p>You are signed in as <strong>{email}</strong>. With your rights, {app} wants to:</p><ul>"
    );
    for scope in *scopes {
        let (text, scope) = (scopes::meaning(scope), escaped(scope));
        let _ = write!(body, "<li>{text} <code>{scope}</code></li>");
    }
    body.push_str("</ul><form method=\"post\" action=\"/oauth/authorize\">");
    for (name, value) in *fields {
        let (name, value) = (escaped(name), escaped(value));
        let _ = write!(body, "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
    }
    body.push_str(
        "<button class=\"yes\" name=\"decision\" value=\"allow\">Allow</button>\
         <button name=\"decision\" value=\"deny\">Deny</button></form>",
    );
    page(&format!("Allow {app}?"), &body)
}

/// Why there is no question, and no way back to the app either.
pub(super) fn problem(text: &str) -> String {
    page("This link does not work", &format!("<h1>This link does not work</h1><p>{text}</p>"))
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_escaped() {
        let sly = "\"><script>'&";
        let scopes = ["users:read".to_owned()];
        let fields = [("state", sly)];
        let question =
            Question { app: sly, subdomain: "acme", email: sly, scopes: &scopes, fields: &fields };
        let html = consent(&question);
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("value=\"&quot;&gt;&lt;script&gt;&#39;&amp;\""));
    }
}
