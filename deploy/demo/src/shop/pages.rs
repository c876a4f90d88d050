//! The pages that a browser sees: front, login form with a CSRF token, account, logout.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use ring::hmac;
use serde::Deserialize;

use crate::random;
use crate::shop::Shop;
use crate::shop::answer::Failure;
use crate::shop::auth::{self, Credentials, cookie};

#[derive(Debug, Deserialize)]
pub(crate) struct LoginForm {
    user: String,
    password: String,
    #[serde(default)]
    csrf_token: String,
}

pub(crate) async fn front(State(shop): State<Arc<Shop>>) -> Html<String> {
    page(
        "Harbour Goods",
        &format!("<p>Served by the {} side.</p><p><a href=\"/login\">Log in</a></p>", shop.side),
    )
}

pub(crate) async fn login_form(State(shop): State<Arc<Shop>>, headers: HeaderMap) -> Response {
    let known = cookie(&headers, "visitor").map(str::to_owned);
    let visitor = known.clone().unwrap_or_else(random::token);
    let mut response = form(&csrf(&shop, &visitor), "").into_response();
    if known.is_none() {
        set_cookie(&mut response, &format!("visitor={visitor}; Path=/; HttpOnly; SameSite=Lax"));
    }
    response
}

pub(crate) async fn login(
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
    Form(sent): Form<LoginForm>,
) -> Result<Response, Failure> {
    let Some(visitor) = cookie(&headers, "visitor").filter(|visitor| ours(&shop, visitor, &sent.csrf_token))
    else {
        let body = page("Not from our form", "<p>The form is too old or not ours. Load it again.</p>");
        return Ok((StatusCode::FORBIDDEN, body).into_response());
    };
    let credentials = Credentials { user: sent.user, password: sent.password };
    if !auth::known(&shop, &credentials).await? {
        let body = form(&csrf(&shop, visitor), "<p>Wrong user or password.</p>");
        return Ok((StatusCode::UNAUTHORIZED, body).into_response());
    }
    let token = auth::open(&shop, &credentials.user).await?;
    let mut response = Redirect::to("/account").into_response();
    set_cookie(&mut response, &format!("session={token}; Path=/; HttpOnly; SameSite=Lax"));
    Ok(response)
}

pub(crate) async fn account(State(shop): State<Arc<Shop>>, headers: HeaderMap) -> Result<Response, Failure> {
    Ok(match auth::who(&shop, &headers).await? {
        Some(user) => page("Your account", &format!("<p>Signed in as {}</p>", escape(&user))).into_response(),
        None => Redirect::to("/login").into_response(),
    })
}

pub(crate) async fn logout(State(shop): State<Arc<Shop>>, headers: HeaderMap) -> Result<Response, Failure> {
    auth::close(&shop, &headers).await?;
    let mut response = Redirect::to("/").into_response();
    set_cookie(&mut response, "session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    Ok(response)
}

/// Bound to the visitor's cookie, and the same on both sides, so that a form survives the switch.
fn csrf(shop: &Shop, visitor: &str) -> String {
    URL_SAFE_NO_PAD.encode(hmac::sign(&key(shop), visitor.as_bytes()))
}

fn ours(shop: &Shop, visitor: &str, token: &str) -> bool {
    URL_SAFE_NO_PAD.decode(token).is_ok_and(|tag| hmac::verify(&key(shop), visitor.as_bytes(), &tag).is_ok())
}

fn key(shop: &Shop) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, shop.token.as_bytes())
}

fn form(csrf: &str, note: &str) -> Html<String> {
    page(
        "Log in",
        &format!(
            "{note}<form method=\"post\" action=\"/login\">\
             <input type=\"hidden\" name=\"csrf_token\" value=\"{csrf}\">\
             <label>User <input name=\"user\"></label>\
             <label>Password <input type=\"password\" name=\"password\"></label>\
             <button>Log in</button></form>"
        ),
    )
}

fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\
         <body><h1>{title}</h1>{body}</body></html>"
    ))
}

fn set_cookie(response: &mut Response, cookie: &str) {
    let value = HeaderValue::from_str(cookie).expect("a token is safe in a header");
    response.headers_mut().append(header::SET_COOKIE, value);
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
