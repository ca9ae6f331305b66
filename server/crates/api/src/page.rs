use serde::{Deserialize, Serialize};

/// One page of a collection, oldest first where nothing else is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The `cursor` of the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// By hand, because the derive would want its bounds on the type and so in the console too.
#[cfg(feature = "openapi")]
mod openapi {
    use std::borrow::Cow;

    use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
    use poem_openapi::types::Type;

    use super::Page;

    impl<T: Type> Type for Page<T> {
        const IS_REQUIRED: bool = true;
        type RawValueType = Self;
        type RawElementValueType = Self;

        fn name() -> Cow<'static, str> {
            format!("{}Page", T::name()).into()
        }

        fn schema_ref() -> MetaSchemaRef {
            MetaSchemaRef::Reference(Self::name().into_owned())
        }

        fn register(registry: &mut Registry) {
            registry.create_schema::<Self, _>(Self::name().into_owned(), |registry| {
                T::register(registry);
                let next = MetaSchema {
                    description: Some("The `cursor` of the next page; absent on the last one."),
                    ..MetaSchema::new("string")
                };
                let items = MetaSchema {
                    description: Some("What is on the page."),
                    items: Some(Box::new(T::schema_ref())),
                    ..MetaSchema::new("array")
                };
                MetaSchema {
                    description: Some("One page of a collection, oldest first where nothing else is said."),
                    required: vec!["items"],
                    properties: vec![
                        ("items", MetaSchemaRef::Inline(Box::new(items))),
                        ("next", MetaSchemaRef::Inline(Box::new(next))),
                    ],
                    ..MetaSchema::new("object")
                }
            });
        }

        fn as_raw_value(&self) -> Option<&Self::RawValueType> {
            Some(self)
        }

        fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
            Box::new(std::iter::once(self))
        }
    }
}
