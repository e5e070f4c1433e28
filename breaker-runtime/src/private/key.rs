//! What `key = …` gives: a reference to the key itself, whatever the expression is.

/// The key behind the reference `$key`: text where it is one, else what is left without further references.
#[doc(hidden)]
#[macro_export]
macro_rules! __key {
    ($key:expr) => {
        // What the expression borrows from lives as long as the statement around this.
        match $key {
            key => {
                #[allow(unused_imports)] // the type decides which one is used
                use $crate::__private::key_ladder::{
                    OnceReferred as _, Plain as _, Text as _, ThriceReferred as _, TwiceReferred as _,
                };
                (&&&&$crate::__private::key_ladder::Look(key)).breaker_runtime_key()
            }
        }
    };
}

/// The rungs on which `key!` finds out what a key is. Method lookup takes the first that fits: each
/// trait is implemented for one reference less than the one before.
pub mod key_ladder {
    use std::borrow::Cow;
    use std::rc::Rc;
    use std::sync::Arc;

    /// A key to look at.
    #[derive(Debug)]
    pub struct Look<'a, K: ?Sized>(pub &'a K);

    // The last rung takes it out of its references. Derived, these would ask for a `Copy` key.
    impl<K: ?Sized> Clone for Look<'_, K> {
        fn clone(&self) -> Self {
            *self
        }
    }
    impl<K: ?Sized> Copy for Look<'_, K> {}

    /// What holds a text: all such keys are `str`, so that one finds what another was kept for.
    pub trait Textual {
        /// The text.
        fn text(&self) -> &str;
    }
    impl Textual for str {
        #[inline]
        fn text(&self) -> &str {
            self
        }
    }
    impl Textual for String {
        #[inline]
        fn text(&self) -> &str {
            self
        }
    }
    impl Textual for Cow<'_, str> {
        #[inline]
        fn text(&self) -> &str {
            self
        }
    }
    macro_rules! holds_text {
        ($($holder:ty)*) => {$(
            impl<K: Textual + ?Sized> Textual for $holder {
                #[inline]
                fn text(&self) -> &str {
                    (**self).text()
                }
            }
        )*};
    }
    holds_text!(&K &mut K Box<K> Rc<K> Arc<K>);

    /// A text, however it is held.
    pub trait Text<'a> {
        /// The key.
        fn breaker_runtime_key(self) -> &'a str;
    }
    impl<'a, K: Textual + ?Sized> Text<'a> for &&&&Look<'a, K> {
        #[inline]
        fn breaker_runtime_key(self) -> &'a str {
            self.0.text()
        }
    }

    macro_rules! rungs {
        ($($(#[$doc:meta])* $rung:ident: $($look:ty),+ ;)*) => {$(
            $(#[$doc])*
            pub trait $rung<'a> {
                /// The type of the key.
                type Key: ?Sized;
                /// The key.
                fn breaker_runtime_key(self) -> &'a Self::Key;
            }
            $(
                impl<'a, K: ?Sized> $rung<'a> for $look {
                    type Key = K;
                    #[inline]
                    fn breaker_runtime_key(self) -> &'a K {
                        self.0
                    }
                }
            )+
        )*};
    }
    rungs! {
        /// A key behind three references.
        ThriceReferred: &&&Look<'a, &&&K>;
        /// A key behind two references.
        TwiceReferred: &&Look<'a, &&K>, &&Look<'a, &&mut K>;
        /// A key behind a reference.
        OnceReferred: &Look<'a, &K>, &Look<'a, &mut K>;
        /// Any other key.
        Plain: Look<'a, K>;
    }
}
