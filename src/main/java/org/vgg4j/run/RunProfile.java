package org.vgg4j.run;

import java.io.IOException;
import java.util.function.Consumer;
import org.vgg4j.profile.Ceilings;
import org.vgg4j.profile.Profile;
import org.vgg4j.train.ProfileRequest;
import org.vgg4j.train.ReductionTime;
import org.vgg4j.train.Trainer;

/** The steps of a run that are to be timed, and the files of what they took. */
final class RunProfile {
  /** The steps before the first that is profiled. */
  static final int WARM_UP_STEPS = 3;

  private final int steps;
  private final RunDirectory run;
  private final Consumer<String> report;
  private Consumer<Profile> taker; // null once it has its profile

  /**
   * Asks for a profile.
   *
   * @param steps how many are timed
   * @param taker takes the profile as soon as it is there, on the training thread
   * @param run gets the files
   */
  RunProfile(int steps, Consumer<Profile> taker, RunDirectory run, Consumer<String> report) {
    this.steps = steps;
    this.taker = taker;
    this.run = run;
    this.report = report;
  }

  /**
   * Makes a trainer time its steps.
   *
   * @param engine what computes, for a person
   * @param images of a step
   */
  void begin(Trainer trainer, String engine, int images, Ceilings ceilings) {
    trainer.profile(
        request(
            steps,
            images,
            (first, last, times) -> {
              take(Profile.of(engine, first, last, images, ceilings, times));
              if (!trainer.reductionTimes().isEmpty()) {
                report.accept(ReductionTime.line(trainer.reductionTimes()));
              }
            }));
  }

  /** Asks for steps after those that warm up. */
  static ProfileRequest request(int steps, int images, ProfileRequest.Taker taker) {
    return new ProfileRequest(WARM_UP_STEPS, steps, images, taker);
  }

  private void take(Profile profile) {
    taker.accept(profile);
    taker = null;
    try {
      report.accept("profile: " + ProfileFiles.write(profile, run));
    } catch (IOException e) {
      report.accept("the profile was not written: " + e.getMessage() + "; training goes on");
    }
  }

  /** Says so if the training ended before there was a profile. */
  void ended() {
    if (taker != null) {
      report.accept(
          "no profile: the training ended within its first %d steps".formatted(WARM_UP_STEPS));
    }
  }
}
