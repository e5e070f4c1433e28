//! What requests say: JSON objects without anything that nobody knows.

use std::fmt;
use std::marker::PhantomData;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::problem::Problem;
use crate::config::Given;

/// More than all settings and the longest reason need.
pub(super) const MOST_BYTES: usize = 16 * 1024;
const LONGEST_REASON: usize = 500;

/// The mode that a breaker, or a family, is to have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToMode {
    pub(super) mode: Given,
    pub(super) reason: Option<Why>,
}

/// A breaker is to be closed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToClosed {
    pub(super) reason: Option<Why>,
}

/// Changes of the settings with this revision.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToSettings {
    pub(super) revision: u64,
    pub(super) settings: Changes,
    pub(super) reason: Option<Why>,
}

/// The change to this revision is to be taken back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToBefore {
    pub(super) revision: u64,
    pub(super) reason: Option<Why>,
}

/// What a route accepts, for those who sent something else.
pub(super) trait Accepted: DeserializeOwned {
    const SAMPLE: &'static str;
}

impl Accepted for ToMode {
    const SAMPLE: &'static str = r#"{"mode": "forced_open", "reason": "…"}"#;
}

impl Accepted for ToClosed {
    const SAMPLE: &'static str = r#"{"reason": "…"}"#;
}

impl Accepted for ToSettings {
    const SAMPLE: &'static str = r#"{"revision": 1, "settings": {"reset": "30s"}, "reason": "…"}"#;
}

impl Accepted for ToBefore {
    const SAMPLE: &'static str = r#"{"revision": 2, "reason": "…"}"#;
}

/// Reads the body of a request, or answers what is accepted.
pub(super) async fn read<T: Accepted>(request: Request) -> Result<T, Problem> {
    match Json::<Object<T>>::from_request(request, &()).await {
        Ok(Json(Object(body))) => Ok(body),
        Err(refused) => Err(answer::<T>(&refused)),
    }
}

fn answer<T: Accepted>(refused: &JsonRejection) -> Problem {
    let sample = T::SAMPLE;
    let status = refused.status();
    let text = match status {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => format!("send `Content-Type: application/json`, such as `{sample}`"),
        StatusCode::PAYLOAD_TOO_LARGE => format!("at most {MOST_BYTES} bytes are read, such as `{sample}`"),
        _ => format!("{}; send JSON such as `{sample}`", refused.body_text()),
    };
    Problem::new(status, text)
}

/// Only an object: a structure would be read from a list, too.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Of<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Of<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(Of(PhantomData))
    }
}

/// Why somebody changes something, in words.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Why(String);

impl Why {
    /// Unless it says nothing.
    pub(super) fn text(&self) -> Option<&str> {
        Some(self.0.trim()).filter(|text| !text.is_empty())
    }
}

impl TryFrom<String> for Why {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.chars().nth(LONGEST_REASON).is_some() {
            return Err(format!("a reason has at most {LONGEST_REASON} characters"));
        }
        Ok(Self(text))
    }
}

/// Settings by their names in configurations, none of them twice.
pub(super) struct Changes(pub(super) Vec<(String, Given)>);

impl<'de> Deserialize<'de> for Changes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfChanges;

        impl<'de> Visitor<'de> for OfChanges {
            type Value = Changes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of settings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Changes, A::Error> {
                let mut all: Vec<(String, Given)> = Vec::new();
                while let Some((name, given)) = map.next_entry::<String, Given>()? {
                    if all.iter().any(|(known, _)| *known == name) {
                        return Err(A::Error::custom(format!("`{}` is there twice", name.escape_debug())));
                    }
                    all.push((name, given));
                }
                Ok(Changes(all))
            }
        }

        deserializer.deserialize_map(OfChanges)
    }
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfGiven;

        impl<'de> Visitor<'de> for OfGiven {
            type Value = Given;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Given, E> {
                Ok(Given::Nothing)
            }

            fn visit_bool<E>(self, flag: bool) -> Result<Given, E> {
                Ok(Given::Flag(flag))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Given, E> {
                Ok(Given::Integer(number.to_string(), Some(number)))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Given, E> {
                Ok(Given::Integer(number.to_string(), number.try_into().ok()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Given, E> {
                Ok(Given::Float(number))
            }

            fn visit_str<E>(self, text: &str) -> Result<Given, E> {
                Ok(Given::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Given, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Given::Other("a list"))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Given, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Given::Other("an object"))
            }
        }

        deserializer.deserialize_any(OfGiven)
    }
}
