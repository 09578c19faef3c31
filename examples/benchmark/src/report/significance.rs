//! Whether two methods differ over the splits.

use anyhow::{Context, Result};
use dream_eval::{Correction, DependentCorrelations, Error, SetScore, nadeau_bengio};

use super::intervals::{Ends, over_clips, over_splits};
use super::results::{FEWEST, MethodResults};

/// The measure that is the mean over all test sets.
pub(crate) const AVERAGE: &str = "average";

/// All pairs of methods by one measure.
#[derive(Debug)]
pub(crate) struct Comparison {
    /// What is compared: [`AVERAGE`], or the name of a test set.
    pub(crate) measure: String,
    /// Methods that have a value in every split, by title, with the mean.
    pub(crate) methods: Vec<(String, f64)>,
    /// Each pair once, the first method before the second in the table.
    pub(crate) pairs: Vec<Pair>,
}

#[derive(Debug)]
pub(crate) struct Pair {
    /// Places among the methods.
    pub(crate) first: usize,
    pub(crate) second: usize,
    /// Mean of first - second.
    pub(crate) difference: f64,
    /// Of this pair by itself, at 95 %; `None` where the differences do not vary.
    pub(crate) interval: Option<Ends>,
    /// The t statistic and its p-value; `None` where the differences do not vary.
    pub(crate) test: Option<(f64, f64)>,
    /// After Holm's correction over all pairs of the measure.
    pub(crate) corrected: Option<f64>,
}

/// The corrected t-test of Nadeau and Bengio between every two methods: by the mean of PLCC and SRCC over all test sets, and on
/// each of them. There is nothing to test in a single split.
pub(crate) fn compare(results: &[MethodResults], sets: &[String]) -> Result<Vec<Comparison>> {
    let splits = results.first().map_or(0, |method| method.runs.len());
    if splits < 2 {
        return Ok(Vec::new());
    }
    let one = (0..sets.len()).map(|set| (sets.get(set).cloned().unwrap_or_default(), vec![set]));
    let all = (AVERAGE.to_owned(), (0..sets.len()).collect());
    let measures = std::iter::once(all).chain(one.filter(|_| sets.len() > 1));
    measures.map(|(measure, sets)| by(results, measure, &sets)).collect()
}

fn by(results: &[MethodResults], measure: String, sets: &[usize]) -> Result<Comparison> {
    let of = |split: &Vec<Option<SetScore>>| -> Option<f64> {
        let mut total = 0.0;
        for &set in sets {
            let score = split.get(set).copied().flatten()?;
            total += (score.plcc + score.srcc) / 2.0 / sets.len() as f64;
        }
        Some(total)
    };
    let values = |method: &MethodResults| method.scores.iter().map(of).collect::<Option<Vec<f64>>>();
    let values: Vec<(&MethodResults, Vec<f64>)> =
        results.iter().filter_map(|method| Some((method, values(method)?))).collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let mut pairs = Vec::new();
    for (first, (method, a)) in values.iter().enumerate() {
        let ratio = test_to_train(method, sets);
        for (second, (_, b)) in values.iter().enumerate().skip(first + 1) {
            let test = match nadeau_bengio(a, b, ratio) {
                Ok(test) => Some((test.statistic, test.p)),
                Err(Error::Undefined { .. }) => None,
                Err(error) => return Err(error).with_context(|| format!("comparing by {measure}")),
            };
            let difference = mean(a) - mean(b);
            let interval = over_splits(a, b, ratio);
            pairs.push(Pair { first, second, difference, interval, test, corrected: None });
        }
    }
    correct(&mut pairs)?;
    let methods = values.iter().map(|(method, values)| (method.about.title.clone(), mean(values))).collect();
    Ok(Comparison { measure, methods, pairs })
}

/// Holm's correction over the pairs that have a test.
fn correct(pairs: &mut [Pair]) -> Result<()> {
    let raw: Vec<f64> = pairs.iter().filter_map(|pair| pair.test).map(|test| test.1).collect();
    let mut corrected = Correction::Holm.adjust(&raw)?.into_iter();
    for pair in pairs.iter_mut().filter(|pair| pair.test.is_some()) {
        pair.corrected = corrected.next();
    }
    Ok(())
}

/// Williams' test between every two methods on each test set, by PLCC of the predictions averaged over the repeats: repeats on the
/// same clips are no sample to test on.
pub(crate) fn compare_clips(results: &[MethodResults], sets: &[String]) -> Result<Vec<Comparison>> {
    let one = |(set, measure): (usize, &String)| -> Result<Comparison> {
        let averaged: Vec<(&MethodResults, Vec<f64>, Vec<f64>)> = results
            .iter()
            .filter_map(|method| average(method, set).map(|(pred, truth)| (method, pred, truth)))
            .collect();
        let (mut pairs, mut methods) = (Vec::new(), Vec::new());
        for (first, (method, a, truth)) in averaged.iter().enumerate() {
            let own = SetScore::of(a, truth)?;
            methods.push((method.about.title.clone(), own.plcc));
            for (second, (_, b, _)) in averaged.iter().enumerate().skip(first + 1) {
                let found = DependentCorrelations::pearson(a, b, truth).and_then(|both| both.williams());
                let difference = own.plcc - SetScore::of(b, truth)?.plcc;
                // Constant or equal predictions: nothing to test.
                let test = found.ok().map(|test| (test.statistic, test.p));
                let interval = over_clips(a, b, truth);
                pairs.push(Pair { first, second, difference, interval, test, corrected: None });
            }
        }
        correct(&mut pairs)?;
        Ok(Comparison { measure: measure.clone(), methods, pairs })
    };
    sets.iter().enumerate().map(one).collect()
}

/// Predictions of a set averaged over the runs, and the scores; `None` unless every run has every clip, of which a
/// test needs some.
fn average(method: &MethodResults, set: usize) -> Option<(Vec<f64>, Vec<f64>)> {
    let mut sums: Vec<f64> = Vec::new();
    let mut truth = Vec::new();
    for run in &method.runs {
        let rows = &run.sets.get(set)?.rows;
        let found = rows.iter().map(|row| row.prediction).collect::<Option<Vec<f64>>>()?;
        sums.resize(found.len(), 0.0);
        sums.iter_mut().zip(found).for_each(|(sum, score)| *sum += score / method.runs.len() as f64);
        truth = rows.iter().map(|row| row.mos).collect();
    }
    let varies = truth.iter().any(|mos| Some(mos) != truth.first());
    (truth.len() > FEWEST && varies).then_some((sums, truth))
}

/// Test clips for each training clip: how much the splits overlap.
fn test_to_train(method: &MethodResults, sets: &[usize]) -> f64 {
    let (mut tests, mut train) = (0, 0);
    for run in &method.runs {
        train += run.train;
        tests += sets.iter().filter_map(|set| run.sets.get(*set)).map(|set| set.rows.len()).sum::<usize>();
    }
    tests as f64 / train.max(1) as f64
}

pub(super) fn csv(comparisons: &[Comparison]) -> Result<String> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["measure", "first", "second", "difference", "low", "high", "t", "p", "p_holm"])?;
    for comparison in comparisons {
        let title = |place: usize| comparison.methods.get(place).map_or("", |method| method.0.as_str());
        for pair in &comparison.pairs {
            let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
            csv.write_record([
                comparison.measure.as_str(),
                title(pair.first),
                title(pair.second),
                &pair.difference.to_string(),
                &number(pair.interval.map(|[low, _]| low)),
                &number(pair.interval.map(|[_, high]| high)),
                &number(pair.test.map(|test| test.0)),
                &number(pair.test.map(|test| test.1)),
                &number(pair.corrected),
            ])?;
        }
    }
    Ok(String::from_utf8(csv.into_inner().context("significance.csv")?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::train::Assumptions;

    use crate::methods::method::About;
    use crate::train::run::{Row, Run, SetRun};

    /// A method whose two correlations are `values`, on one set of 10 clips after training on 40.
    fn method(name: &str, values: &[f64]) -> MethodResults {
        let row = Row { file: "a".into(), mos: 1.0, prediction: Some(1.0) };
        let set = SetRun { predicted: true, rows: vec![row; 10] };
        let (key, note, lost) = (String::new(), String::new(), Vec::new());
        let (sets, assumptions) = (vec![set], Assumptions::new());
        let run = Run { key, train: 40, note, failed: false, lost, assumptions, sets };
        let score = |value: &f64| vec![Some(SetScore { plcc: *value, srcc: *value, constant: false })];
        MethodResults {
            about: About { name: name.into(), title: name.into(), ..About::default() },
            runs: vec![run; values.len()],
            scores: values.iter().map(score).collect(),
        }
    }

    #[test]
    fn clips_are_compared_by_the_averaged_predictions() {
        let truth = [1.0, 2.0, 3.0, 4.0, 5.0, 2.5];
        let scored = |name: &str, wobble: [f64; 2]| {
            let mut method = method(name, &[0.5, 0.5]);
            for (run, wobble) in method.runs.iter_mut().zip(wobble) {
                let row = |(k, mos): (usize, &f64)| {
                    let prediction = Some(mos + wobble * [1.0, -1.0, 0.5][k % 3]);
                    Row { file: k.to_string(), mos: *mos, prediction }
                };
                run.sets[0].rows = truth.iter().enumerate().map(row).collect();
            }
            method
        };
        let methods = [scored("a", [1.0, -1.0]), scored("b", [2.0, 1.0]), scored("c", [0.1, 0.2])];
        let found = compare_clips(&methods, &["one".to_owned()]).unwrap();
        // The wobbles of `a` cancel.
        assert!((found[0].methods[0].1 - 1.0).abs() < 1e-12 && found[0].methods[1].1 < 0.95);
        assert_eq!(found[0].pairs.len(), 3);
        assert!(found[0].pairs[0].difference > 0.05 && found[0].pairs[2].difference < 0.0);
        let mut gap = methods;
        gap[0].runs[1].sets[0].rows[2].prediction = None;
        assert_eq!(compare_clips(&gap, &["one".to_owned()]).unwrap()[0].methods.len(), 2);
    }

    #[test]
    fn the_test_is_that_of_the_differences() {
        let methods = [
            method("a", &[0.82, 0.85, 0.84, 0.83]),
            method("b", &[0.80, 0.84, 0.81, 0.82]),
            method("c", &[0.70, 0.73, 0.72, 0.71]),
        ];
        let found = compare(&methods, &["one".to_owned()]).unwrap();
        assert_eq!((found.len(), found[0].pairs.len()), (1, 3));
        let pair = &found[0].pairs[0];
        // d = 0.02, 0.01, 0.03, 0.01: mean 0.0175, variance 0.0000916667, ratio 0.25.
        let expected = 0.0175 / ((0.25_f64 + 0.25) * 0.000_091_666_666_7).sqrt();
        let (statistic, p) = pair.test.unwrap();
        assert!((statistic - expected).abs() < 1e-6, "{statistic} {expected}");
        assert!(pair.corrected.unwrap() >= p);
        let [low, high] = pair.interval.unwrap();
        assert!(
            (f64::midpoint(low, high) - 0.0175).abs() < 1e-9 && (p < 0.05) == (low > 0.0),
            "{low} {high}"
        );
        // a - c is the same in every split: there is no spread to test with.
        assert_eq!((found[0].pairs[1].test, found[0].pairs[1].interval), (None, None));
        assert!(csv(&found).unwrap().contains("average,a,c,0.12"), "{}", csv(&found).unwrap());
        assert!(compare(&methods, &[]).unwrap().len() == 1);
        let single = [method("a", &[0.8]), method("b", &[0.7])];
        assert!(compare(&single, &["one".to_owned()]).unwrap().is_empty());
    }
}
