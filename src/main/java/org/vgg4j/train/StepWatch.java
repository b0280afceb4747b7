package org.vgg4j.train;

import java.util.ArrayList;
import java.util.List;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.StageListener;
import org.vgg4j.tensor.Profiler;
import org.vgg4j.tensor.StepMarks;
import org.vgg4j.tensor.StepPart;
import org.vgg4j.tensor.StepTime;
import org.vgg4j.tensor.Work;

/**
 * Tells a tool outside of the process where the steps are, and times some of them when it is asked
 * to. Where there is no tool and nothing is asked for, nothing listens.
 */
final class StepWatch implements AutoCloseable {
  private final Network network;
  private final TrainingStep step;
  private final StepMarks outside; // of a tool that follows the process
  private final StageListener others; // that was there before
  private ProfileRequest request; // null when no step is to be timed, or all were
  private Profiler profiler; // null unless steps are being timed
  private final List<StepTime> times = new ArrayList<>();
  private final List<ReductionTime> reductions = new ArrayList<>(); // of the same steps
  private StepMarks marks; // of the present step
  private long seen; // steps of this process
  private long first; // of the timed steps in the run, as is the next
  private long last;
  private boolean inStep;
  private StepEvent stepEvent; // of the present step, null where no flight recorder has started
  private BatchWaitEvent waitEvent; // of the present wait, null likewise
  private long stepBytes;

  StepWatch(Network network, TrainingStep step) {
    this.network = network;
    this.step = step;
    outside = network.backend().marks();
    others = network.listener();
    listen(outside, false);
  }

  /** Times steps as requested, counted from the next one. */
  void profile(ProfileRequest wanted) {
    request = wanted;
    seen = 0;
    times.clear();
    reductions.clear();
  }

  /** Returns how long sums over the ranks took in the steps that were timed. */
  List<ReductionTime> reductions() {
    return List.copyOf(reductions);
  }

  private void listen(StepMarks now, boolean direct) {
    marks = now;
    step.mark(now, direct);
    network.listen(now == StepMarks.NONE ? others : new StageMarks(now, others));
  }

  /** A batch is waited for; the first of a step begins it. */
  void waiting() {
    if (!inStep) {
      inStep = true;
      stepBytes = 0;
      stepEvent = FlightEvents.begin(StepEvent::new);
      if (request != null && seen == request.warmUp()) {
        profiler = network.backend().profiler();
        listen(StepMarks.both(outside, profiler), true);
      }
      if (profiler != null) {
        profiler.startStep();
      }
    }
    begin("wait for a batch");
    waitEvent = FlightEvents.begin(BatchWaitEvent::new);
  }

  /**
   * The batch is there and on its way to the engine.
   *
   * @param index of the batch in the epoch
   * @param images in it
   * @param bytes of them that are uploaded
   */
  void uploading(int index, int images, long bytes) {
    if (FlightEvents.end(waitEvent)) {
      waitEvent.number = index;
      waitEvent.images = images;
      waitEvent.bytes = bytes;
      waitEvent.commit();
    }
    stepBytes += bytes;
    begin("upload");
  }

  private void begin(String what) {
    marks.begin(StepPart.INPUT, what, List.<Work>of());
  }

  /** No step follows, or the one that was begun is given up. */
  void noMore() {
    if (inStep && profiler != null) {
      profiler.forgetStep();
    }
    outside.end();
    inStep = false;
  }

  /**
   * A step is done.
   *
   * @param number of the run, from 1
   * @param images that it took
   */
  void stepDone(long number, int images) {
    inStep = false;
    seen++;
    if (FlightEvents.end(stepEvent)) {
      stepEvent.number = number;
      stepEvent.images = images;
      stepEvent.bytes = stepBytes;
      stepEvent.commit();
    }
    if (profiler == null) {
      return;
    }
    StepTime time = profiler.endStep();
    if (images == request.images()) {
      first = times.isEmpty() ? number : first;
      last = number;
      times.add(time);
      if (step.reductionTime() != null) {
        reductions.add(step.reductionTime());
      }
    }
    if (times.size() == request.steps()) {
      finish();
    }
  }

  /** Hands over what was timed, be it fewer steps than asked for, and stops listening. */
  private void finish() {
    ProfileRequest done = request;
    request = null;
    stop();
    if (!times.isEmpty()) {
      done.taker().take(first, last, List.copyOf(times));
    }
  }

  private void stop() {
    if (profiler != null) {
      listen(outside, false);
      profiler.close();
      profiler = null;
    }
  }

  /** The training ends; hands over what was timed. */
  void trained() {
    if (request != null) {
      finish();
    }
  }

  @Override
  public void close() {
    stop();
    network.listen(others);
  }
}
