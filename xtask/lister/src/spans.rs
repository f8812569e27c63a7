//! Where each public item stands in the source: one a line, as file, line, column, last line, kind and path, with tabs
//! between them.

use std::collections::BTreeSet;
use std::fs;

use rustdoc_types::{Crate, Id, Item, ItemEnum, StructKind, VariantKind};

type Error = Box<dyn std::error::Error>;

pub fn print(json: &str) -> Result<(), Error> {
    let all: Crate = serde_json::from_str(&fs::read_to_string(json)?)?;
    let mut places = Places { all: &all, seen: BTreeSet::new(), lines: BTreeSet::new() };
    places.walk(&all.root, "");
    places.lines.iter().for_each(|line| println!("{line}"));
    Ok(())
}

/// What has been found on the way through the public modules; an item that is shown at two paths is found once.
struct Places<'a> {
    all: &'a Crate,
    seen: BTreeSet<Id>,
    lines: BTreeSet<String>,
}

impl Places<'_> {
    fn walk(&mut self, id: &Id, path: &str) {
        let Some(item) = self.all.index.get(id) else { return };
        match &item.inner {
            ItemEnum::Module(module) if self.seen.insert(*id) => {
                let path = joined(path, item);
                // Nearer paths first, so that an item has the shortest.
                let (near, far): (Vec<_>, Vec<_>) = module.items.iter().partition(|id| !self.is_module(id));
                near.into_iter().chain(far).for_each(|id| self.walk(id, &path));
            }
            ItemEnum::Use(shown) if shown.is_glob => {
                let target = shown.id.and_then(|id| self.all.index.get(&id));
                if let Some(ItemEnum::Module(module)) = target.map(|target| &target.inner) {
                    module.items.iter().for_each(|id| self.walk(id, path));
                }
            }
            ItemEnum::Use(shown) => {
                if let Some(id) = &shown.id {
                    self.walk(id, path);
                }
            }
            _ if self.seen.insert(*id) => {
                let path = joined(path, item);
                self.tell(item, kind(item), &path);
                self.tell_members(item, &path);
            }
            _ => {}
        }
    }

    fn is_module(&self, id: &Id) -> bool {
        self.all.index.get(id).is_some_and(|item| matches!(item.inner, ItemEnum::Module(_)))
    }

    fn tell_members(&mut self, item: &Item, path: &str) {
        for (id, kind) in members_of(self.all, item) {
            let Some(item) = self.all.index.get(&id) else { continue };
            let path = joined(path, item);
            self.tell(item, kind, &path);
            self.tell_members(item, &path);
        }
    }

    fn tell(&mut self, item: &Item, kind: &str, path: &str) {
        if let (Some(span), false) = (&item.span, kind.is_empty()) {
            let ((line, column), (end, _)) = (span.begin, span.end);
            let file = span.filename.display();
            self.lines.insert(format!("{file}\t{line}\t{column}\t{end}\t{kind}\t{path}"));
        }
    }
}

fn joined(path: &str, item: &Item) -> String {
    let name = item.name.as_deref().unwrap_or_default();
    if path.is_empty() { name.into() } else { format!("{path}::{name}") }
}

/// The kinds that can be looked for; others are empty.
fn kind(item: &Item) -> &'static str {
    match item.inner {
        ItemEnum::Function(_) => "function",
        ItemEnum::Static(_) => "static",
        ItemEnum::Constant { .. } => "constant",
        ItemEnum::Struct(_) => "struct",
        ItemEnum::Enum(_) => "enum",
        ItemEnum::Trait(_) => "trait",
        _ => "",
    }
}

/// Fields, variants, and functions of the item itself; those of a trait that it has are the trait's.
fn members_of(all: &Crate, item: &Item) -> Vec<(Id, &'static str)> {
    let fields = |ids: &[Id]| ids.iter().map(|id| (*id, "field")).collect::<Vec<_>>();
    let (mut members, impls) = match &item.inner {
        ItemEnum::Struct(of) => match &of.kind {
            StructKind::Plain { fields: ids, .. } => (fields(ids), &of.impls[..]),
            _ => (Vec::new(), &of.impls[..]),
        },
        ItemEnum::Enum(of) => (of.variants.iter().map(|id| (*id, "variant")).collect(), &of.impls[..]),
        ItemEnum::Variant(of) => match &of.kind {
            VariantKind::Struct { fields: ids, .. } => (fields(ids), &[][..]),
            _ => (Vec::new(), &[][..]),
        },
        ItemEnum::Trait(of) => (of.items.iter().map(|id| (*id, "method")).collect(), &[][..]),
        _ => (Vec::new(), &[][..]),
    };
    for id in impls {
        if let Some(Item { inner: ItemEnum::Impl(of), .. }) = all.index.get(id) {
            if of.trait_.is_none() {
                members.extend(of.items.iter().map(|id| (*id, "function")));
            }
        }
    }
    members
}
