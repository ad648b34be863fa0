//! What jobs print, put in order.
