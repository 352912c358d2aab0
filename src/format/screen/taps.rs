//! Taps: recorders of applications tell when fingers come down and go up, and, unlike browsers, no clicks.

use crate::recording::{Interaction, InteractionKind};

/// A finger that moved by more than this scrolled or swiped, in CSS pixels.
const STILL: f64 = 16.0;

/// A finger that stayed for longer pressed, in milliseconds.
const LONGEST: f64 = 800.0;

/// Follows fingers.
#[derive(Debug, Default)]
pub(in crate::format) struct Taps {
    /// The only finger that is down, and since when.
    down: Option<(Interaction, Option<f64>)>,
    /// How many are down.
    fingers: u32,
}

impl Taps {
    /// Takes in what a finger did; gives the click that it makes, if it makes one.
    pub(in crate::format) fn follow(
        &mut self,
        touch: &Interaction,
        time: Option<f64>,
    ) -> Option<Interaction> {
        match touch.kind {
            InteractionKind::TouchStart => {
                self.fingers += 1;
                self.down = (self.fingers == 1).then(|| (touch.clone(), time));
                None
            }
            InteractionKind::TouchEnd => {
                self.fingers = self.fingers.saturating_sub(1);
                let (down, since) = self.down.take()?;
                let long = since
                    .zip(time)
                    .is_some_and(|(since, time)| time - since > LONGEST);
                let ((x, y), (end_x, end_y)) = (down.position?, touch.position?);
                let still = (end_x - x).hypot(end_y - y) <= STILL;
                (still && !long).then_some(Interaction {
                    kind: InteractionKind::Click,
                    ..down
                })
            }
            InteractionKind::TouchCancel => {
                (self.fingers, self.down) = (0, None);
                None
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use InteractionKind::{Click, TouchEnd, TouchStart};

    fn clicks(touches: &[(InteractionKind, f64, f64)]) -> usize {
        let mut taps = Taps::default();
        let touches = touches.iter().filter_map(|&(kind, x, time)| {
            let touch = Interaction {
                kind,
                target: 7,
                position: Some((x, 10.0)),
                touch: true,
            };
            taps.follow(&touch, Some(time))
        });
        touches
            .filter(|click| click.kind == Click && click.target == 7)
            .count()
    }

    #[test]
    fn short_and_still_touches_are_clicks() {
        assert_eq!(clicks(&[(TouchStart, 5.0, 0.0), (TouchEnd, 9.0, 90.0)]), 1);
        assert_eq!(clicks(&[(TouchStart, 5.0, 0.0), (TouchEnd, 90.0, 90.0)]), 0);
        assert_eq!(clicks(&[(TouchStart, 5.0, 0.0), (TouchEnd, 5.0, 2000.0)]), 0);
        assert_eq!(clicks(&[(TouchEnd, 5.0, 2000.0)]), 0);
    }

    #[test]
    fn two_fingers_click_nothing() {
        let pinch = [
            (TouchStart, 5.0, 0.0),
            (TouchStart, 50.0, 10.0),
            (TouchEnd, 5.0, 60.0),
            (TouchEnd, 50.0, 70.0),
        ];
        assert_eq!(clicks(&pinch), 0);
        let then_tap = [(TouchStart, 5.0, 900.0), (TouchEnd, 5.0, 990.0)];
        assert_eq!(clicks(&[&pinch[..], &then_tap].concat()), 1);
    }
}
