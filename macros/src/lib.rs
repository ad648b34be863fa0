//! The #[delayed] attribute.
