//! Tests of the workspace; each folder beside this file is a test of its own. The examples of the
//! README run here.

#![doc = include_str!("../README.md")]
