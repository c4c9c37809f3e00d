//! From the points of a cell to its settings: which value wins, which settings apply, and which cells are excluded.

use super::contradictions::contradiction;
use crate::experiment::file::Experiment;
use crate::experiment::read::{
    Assignment, ExperimentError, Point, Result, Selection, Selector, bundle_axis, no_label, no_such_name,
};
use crate::experiment::settings::{Registry, fit, literal};
use crate::model::{self, Family};
use crate::optim::ADAMW_DECAY;
use crate::setting::{DefaultValue, Setting, Settings, Value};
use std::collections::HashMap;

/// A value in force and the axis it comes from (`None`: `[base]`).
#[derive(Clone, Copy)]
struct Held<'a> {
    assignment: &'a Assignment,
    axis: Option<usize>,
}

/// A value in force, before it is copied.
#[derive(Clone, Copy)]
enum Found<'a> {
    Written(&'a Value),
    Default(DefaultValue),
}

impl Found<'_> {
    fn is(self, value: &Value) -> bool {
        match self {
            Found::Written(written) => written == value,
            Found::Default(default) => default.is(value),
        }
    }

    fn value(self) -> Option<Value> {
        match self {
            Found::Written(written) => Some(written.clone()),
            Found::Default(default) => default.value(),
        }
    }
}

/// What one key of an exclude is compared with.
enum Test<'a> {
    /// The label on this axis.
    Label(usize, Vec<&'a str>),
    /// The value of this setting.
    Setting(usize, Vec<Value>),
}

/// Resolves cells one after the other and remembers what only the whole grid can tell.
pub(crate) struct Resolver<'a> {
    registry: &'static Registry,
    experiment: &'a Experiment,
    base: Vec<Option<Held<'a>>>,
    /// With the number of cells that each matched.
    excludes: Vec<(&'a Selection, Vec<Test<'a>>, usize)>,
    /// For each key of `[base]`: whether it applied somewhere, and a head and its kind that it did not apply to.
    applied: Vec<(bool, Option<(usize, usize)>)>,
    /// For each key: whether the value of `[base]` holds in some cell.
    holds: Vec<bool>,
    heads: Vec<usize>,
    /// Keys whose range differs by kind, so that reading could not settle it.
    varying: Vec<bool>,
    /// For each set of keys that apply, the first cell's settings: the next ones share them.
    shared: HashMap<Vec<usize>, Settings>,
    /// Keys that stand for others, those, and what either side says.
    ways: Vec<(usize, Vec<usize>, &'static str)>,
    depth: usize,
    batch: usize,
    rule: usize,
    weight_decay: usize,
    function: usize,
    network: usize,
    data: usize,
    /// For each kind of network its family, and whether it reads each key.
    families: Vec<&'static dyn Family>,
    reads: Vec<Vec<bool>>,
}

impl<'a> Resolver<'a> {
    pub fn new(experiment: &'a Experiment) -> Result<Self> {
        let registry = Registry::get();
        let count = registry.keys.len();
        let mut base = vec![None; count];
        for assignment in &experiment.base.sets {
            base[assignment.key] = Some(Held { assignment, axis: None });
        }
        let network = registry.index("network");
        let of_kind = |kind: &&str| registry.keys.iter().map(|key| model::reads(kind, key.name)).collect();
        let resolver = Resolver {
            registry,
            experiment,
            base,
            excludes: Vec::new(),
            applied: vec![(false, None); count],
            holds: vec![false; count],
            heads: (0..count).filter(|k| registry.keys[*k].is_head()).collect(),
            varying: registry.keys.iter().map(|k| k.rows.iter().any(|r| r.domain != k.rows[0].domain)).collect(),
            shared: HashMap::new(),
            ways: (0..count).filter_map(|k| registry.instead_of(k).map(|(others, say)| (k, others, say))).collect(),
            depth: registry.index("depth"),
            batch: registry.index("batch"),
            rule: registry.index("optimizer.kind"),
            weight_decay: registry.index("weight_decay"),
            function: registry.index("function"),
            network,
            families: registry.keys[network].words.iter().filter_map(|word| model::families::named(word)).collect(),
            reads: registry.keys[network].words.iter().map(of_kind).collect(),
            data: registry.index("data"),
        };
        for (way, others, say) in &resolver.ways {
            let other = others.iter().find_map(|other| resolver.base[*other]);
            if let (Some(way), Some(other)) = (resolver.base[*way], other) {
                return Err(resolver.both(other, way, say));
            }
        }
        let tests = |e: &'a Selection| e.keys.iter().map(|selector| resolver.test(selector)).collect::<Result<_>>();
        let excludes = experiment.excludes.iter().map(|e| Ok((e, tests(e)?, 0)));
        Ok(Resolver { excludes: excludes.collect::<Result<_>>()?, ..resolver })
    }

    /// The problem of two settings that say the same.
    fn both(&self, one: Held, way: Held, say: &str) -> ExperimentError {
        let [first, second] = [one, way].map(|held| self.registry.keys[held.assignment.key].name);
        let message = format!("`{first}` and `{second}` are both given, but each of them alone sets {say}");
        way.assignment.place.error(message, "keep one of the two").also(&one.assignment.place)
    }

    fn test(&self, selector: &'a Selector) -> Result<Test<'a>> {
        let axes = &self.experiment.axes;
        if let Some(axis) = bundle_axis(axes, &selector.key) {
            let labels = || axes[axis].points.iter().map(|p| p.label.as_str());
            let wanted = selector.values.iter().map(|(value, place)| {
                let text = value.to_string();
                let label = labels().find(|l| *l == text);
                label.ok_or_else(|| no_label(&selector.key, &text, place, labels()))
            });
            return Ok(Test::Label(axis, wanted.collect::<Result<_>>()?));
        }
        let Some(key) = self.registry.find(&selector.key) else {
            return Err(no_such_name(&selector.key, &selector.place, axes));
        };
        let setting = &self.registry.keys[key];
        let values = selector.values.iter().map(|(value, place)| {
            let never = || {
                let message = format!("`{}` is never {}", selector.key, literal(value));
                place.error(message, format!("write {}", setting.rows[0].domain))
            };
            setting.fit(value).ok_or_else(never)
        });
        Ok(Test::Setting(key, values.collect::<Result<_>>()?))
    }

    /// The settings of the cell with these points (one an axis); `None` if it is excluded, which an included cell
    /// never is.
    pub fn cell(&mut self, points: &[&'a Point], included: bool) -> Result<Option<Settings>> {
        let mut held = self.base.clone();
        for point in points {
            point.patch.clears.iter().for_each(|key| held[*key] = None);
        }
        for (axis, point) in points.iter().enumerate() {
            for assignment in &point.patch.sets {
                held[assignment.key] = Some(Held { assignment, axis: Some(axis) });
            }
        }
        for (way, others, say) in &self.ways {
            for other in others {
                let (Some(one), Some(two)) = (held[*other], held[*way]) else { continue };
                match (one.axis, two.axis) {
                    (None, Some(_)) => held[*other] = None,
                    (Some(_), None) => held[*way] = None,
                    _ => return Err(self.both(one, two, say)),
                }
            }
        }
        let mut kinds = vec![0; held.len()];
        // What the others are if the file does not say is up to these two.
        for head in [self.network, self.data].iter().chain(&self.heads) {
            kinds[*head] = self.kind(*head, held[*head], &kinds);
        }
        if !included && self.is_excluded(points, &held, &kinds) {
            return Ok(None);
        }
        self.settings(&held, &kinds).map(Some)
    }

    /// Which of its words a head has.
    fn kind(&self, head: usize, held: Option<Held>, kinds: &[usize]) -> usize {
        let key = &self.registry.keys[head];
        let word = match held.map(|h| &h.assignment.value) {
            Some(Value::Text(word)) => word.as_str(),
            _ => match self.usual(head, kinds).unwrap_or(key.rows[0].default) {
                DefaultValue::Text(word) => word,
                _ => "",
            },
        };
        key.words.iter().position(|w| *w == word).unwrap_or(0)
    }

    /// What holds in this kind of network, on such data, when the file does not say, where that is not the default of the table.
    fn usual(&self, key: usize, kinds: &[usize]) -> Option<DefaultValue> {
        self.families[kinds[self.network]].usual(self.registry.keys[key].name, self.word(self.data, kinds))
    }

    /// The word that a head has in this cell.
    fn word(&self, head: usize, kinds: &[usize]) -> &'static str {
        self.registry.keys[head].words[kinds[head]]
    }

    /// The head whose kind in this cell has no use for a setting: `function` where it is about a network, `network` where
    /// it is about another kind of it.
    fn idle(&self, key: usize, kinds: &[usize]) -> Option<usize> {
        let setting = &self.registry.keys[key];
        if setting.is_of_networks() && kinds[self.function] > 0 {
            return Some(self.function);
        }
        let is_read = self.reads[kinds[self.network]][key];
        (!is_read).then_some(self.network)
    }

    /// The row of a setting that holds in this cell; nothing where it does not apply.
    fn row(&self, key: usize, kinds: &[usize]) -> Option<&'static Setting> {
        let setting = &self.registry.keys[key];
        if self.idle(key, kinds).is_some() { None } else { setting.row(setting.head.map_or(0, |h| kinds[h])) }
    }

    /// The value in force, or the default; nothing where the setting does not apply.
    fn value(&self, key: usize, held: &[Option<Held<'a>>], kinds: &[usize]) -> Option<Found<'a>> {
        if self.idle(key, kinds).is_some() {
            return None;
        }
        let rule = self.word(self.rule, kinds);
        let default = if let Some(held) = held[key] {
            return Some(Found::Written(&held.assignment.value));
        } else if key == self.batch && rule == "gd" {
            DefaultValue::Text("full")
        } else if key == self.weight_decay && rule == "adamw" {
            DefaultValue::Float(ADAMW_DECAY)
        } else if let Some(way) = self.way(key, held, kinds) {
            // Of the listed layers their number still follows.
            match &way.assignment.value {
                Value::List(widths) if key == self.depth => DefaultValue::Int(widths.len() as i64),
                _ => DefaultValue::Unset,
            }
        } else {
            let row = self.row(key, kinds)?;
            self.usual(key, kinds).unwrap_or(row.default)
        };
        (!matches!(default, DefaultValue::Unset | DefaultValue::Required)).then_some(Found::Default(default))
    }

    /// What is given instead of this key.
    fn way(&self, key: usize, held: &[Option<Held<'a>>], kinds: &[usize]) -> Option<Held<'a>> {
        let (way, ..) = self.ways.iter().find(|(_, others, _)| others.contains(&key))?;
        held[*way].filter(|_| self.idle(*way, kinds).is_none())
    }

    fn is_excluded(&mut self, points: &[&Point], held: &[Option<Held<'a>>], kinds: &[usize]) -> bool {
        let mut excluded = false;
        for i in 0..self.excludes.len() {
            let matches = self.excludes[i].1.iter().all(|test| match test {
                Test::Label(axis, labels) => labels.contains(&points[*axis].label.as_str()),
                Test::Setting(key, values) => {
                    self.value(*key, held, kinds).is_some_and(|found| values.iter().any(|v| found.is(v)))
                }
            });
            self.excludes[i].2 += usize::from(matches);
            excluded |= matches;
        }
        excluded
    }

    fn settings(&mut self, held: &[Option<Held<'a>>], kinds: &[usize]) -> Result<Settings> {
        let registry = self.registry;
        let (mut present, mut values) = (Vec::with_capacity(held.len()), Vec::with_capacity(held.len()));
        for (index, key) in registry.keys.iter().enumerate() {
            let Some(row) = self.row(index, kinds) else {
                if let (Some(h), Some(head)) = (held[index], self.idle(index, kinds).or(key.head)) {
                    if h.axis.is_some() {
                        return Err(self.does_not_apply(index, h, held[head], (head, kinds[head])));
                    }
                    self.applied[index].1.get_or_insert((head, kinds[head]));
                }
                continue;
            };
            if let Some(h) = held[index] {
                self.applied[index].0 = true;
                self.holds[index] |= h.axis.is_none();
                if self.varying[index] && fit(&row.domain, &h.assignment.value).is_none() {
                    let word = key.head.map_or("", |head| registry.keys[head].words[kinds[head]]);
                    let message =
                        format!("`{}` of {word} must be {}, but is {}", key.name, row.domain, h.assignment.value);
                    return h.assignment.place.fail(message, format!("write {}", row.domain));
                }
            } else if row.default == DefaultValue::Required {
                let head = key.head.and_then(|head| held[head]);
                return Err(self.missing(key.name, &row.domain, head));
            }
            if let Some(value) = self.value(index, held, kinds) {
                present.push(index);
                values.push(value);
            }
        }
        let settings = match self.shared.get(&present) {
            Some(first) => {
                let differ = values.iter().zip(first.iter()).enumerate().filter(|(_, (found, (_, v)))| !found.is(v));
                first.with(differ.filter_map(|(position, (found, _))| Some((position, found.value()?))).collect())
            }
            None => {
                let pair = |(index, found): (&usize, &Found)| Some((registry.keys[*index].name, found.value()?));
                let first = Settings::new(present.iter().zip(&values).filter_map(pair).collect());
                self.shared.insert(present, first.clone());
                first
            }
        };
        self.agree(&settings, held)?;
        Ok(settings)
    }

    /// The problem of an option that this kind of its head does not have.
    fn does_not_apply(
        &self,
        index: usize,
        option: Held,
        held: Option<Held>,
        (head, kind): (usize, usize),
    ) -> ExperimentError {
        let (key, head) = (&self.registry.keys[index], &self.registry.keys[head]);
        let mut of: Vec<&str> = match head.family == "network" && key.family != "network" {
            true => {
                head.words.iter().zip(&self.reads).filter(|(_, reads)| reads[index]).map(|(word, _)| *word).collect()
            }
            false => key.rows.iter().flat_map(|r| r.of.iter().copied()).collect(),
        };
        of.sort_unstable();
        let message = format!("`{}` does not apply where `{}` is \"{}\"", key.short(), head.short(), head.words[kind]);
        let of_network = key.is_of_networks() && head.family == "function";
        let cure = match option.axis {
            Some(axis) if axis >= self.experiment.axes.len() => "also name one of those in this [[include]]",
            Some(axis) if held.is_some_and(|h| h.axis == Some(axis)) => "choose one of those, or delete it",
            Some(_) => "leave the other combinations out with [[exclude]], or set both in one variant",
            None if of_network => "delete it",
            None => "choose one of those, or delete it",
        };
        let help = match of_network {
            true => format!("it is a setting of networks, but here a test function is minimized; {cure}"),
            false => format!("it belongs to {}; {cure}", of.join(", ")),
        };
        let problem = option.assignment.place.error(message, help);
        match held {
            Some(head) => problem.also(&head.assignment.place),
            None => problem,
        }
    }

    fn missing(&self, name: &str, domain: &crate::setting::Domain, head: Option<Held>) -> ExperimentError {
        let help = format!("write {name} = ..., {domain}");
        let message = match head {
            Some(head) => format!("\"{}\" needs `{name}`", head.assignment.value),
            None => format!("`{name}` is required"),
        };
        ExperimentError { message, at: head.map(|h| h.assignment.place.clone()), also: None, help }
    }

    /// Checks that the settings do not contradict each other.
    fn agree(&self, settings: &Settings, held: &[Option<Held>]) -> Result<()> {
        let Some(found) = contradiction(settings) else { return Ok(()) };
        let place = |key: &str| held[self.registry.find(key)?].map(|h| h.assignment.place.clone());
        let (first, second) = (place(found.keys[0]), place(found.keys[1]));
        let (at, also) = if first.is_some() { (first, second) } else { (second, None) };
        Err(ExperimentError {
            message: found.message,
            also: also.filter(|place| at.as_ref() != Some(place)),
            at,
            help: found.help.into(),
        })
    }

    /// The values of `[base]` that hold in no cell, since every cell has another from its axes.
    pub fn overridden(&self) -> impl Iterator<Item = &'a Assignment> + '_ {
        let base = self.base.iter().zip(&self.holds);
        base.filter(|(_, holds)| !**holds).filter_map(|(held, _)| held.map(|held| held.assignment))
    }

    /// How many cells each `[[exclude]]` matched.
    pub fn matched(&self) -> impl Iterator<Item = usize> {
        self.excludes.iter().map(|(_, _, matched)| *matched)
    }

    /// What can only be judged after all cells.
    pub fn finish(&self) -> Result<()> {
        for (exclude, _, matched) in &self.excludes {
            if *matched == 0 {
                let help = match self.experiment.ablation {
                    None => "all its keys have to match the same cell; correct it or delete it",
                    Some(_) => {
                        "all its keys have to match the same cell, but the ablation has no such cell; correct it or delete it"
                    }
                };
                return exclude.place.fail("this [[exclude]] matches no cell", help);
            }
        }
        for (index, (applied, kind)) in self.applied.iter().enumerate() {
            if let (false, Some((head, kind)), Some(held)) = (applied, kind, self.base[index]) {
                return Err(self.does_not_apply(index, held, self.base[*head], (*head, *kind)));
            }
        }
        Ok(())
    }
}
