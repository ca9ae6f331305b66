/// Makes the orders of a collection: by a name, or by `-` and a name for the other direction.
macro_rules! sorts {
    ($(#[$attribute:meta])* $sort:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
        pub enum $sort {
            $(#[cfg_attr(feature = "openapi", oai(rename = $name))] $variant),+
        }

        impl $sort {
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }
    };
}

sorts! {
    /// What tenants come in order of.
    TenantSort {
        CreatedAt = "created_at",
        CreatedAtDescending = "-created_at",
        Slug = "slug",
        SlugDescending = "-slug",
        Name = "name",
        NameDescending = "-name",
    }
}

sorts! {
    /// What users come in order of.
    UserSort {
        CreatedAt = "created_at",
        CreatedAtDescending = "-created_at",
        Username = "username",
        UsernameDescending = "-username",
    }
}

sorts! {
    /// What clients come in order of.
    ClientSort {
        CreatedAt = "created_at",
        CreatedAtDescending = "-created_at",
        ClientId = "client_id",
        ClientIdDescending = "-client_id",
        ClientName = "client_name",
        ClientNameDescending = "-client_name",
    }
}
