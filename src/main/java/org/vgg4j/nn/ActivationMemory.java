package org.vgg4j.nn;

import java.util.ArrayList;
import java.util.List;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;

/**
 * The activations and activation gradients of one input shape. Gradients alternate between two
 * halves, as activations do in inference. What training keeps is laid out once all stages are
 * known.
 *
 * <p>Stages that lead ({@link Freezing}) have their activations as in inference; the last one stays
 * until the next forward.
 *
 * <p>A {@link Stretch} that is computed again needs its inner activations while its forward runs,
 * and from the beginning of its backward to the end. In between, what comes behind it has the same
 * memory: it is written after that forward, and last read before that backward. So the memory of
 * training is a stack, on which the inner activations of such a stretch are not left.
 */
final class ActivationMemory {
  private final boolean training;
  private final int leading; // stages of which nothing is kept, nor computed again
  private final List<StageMemory> stages = new ArrayList<>();
  private final List<Stretch> stretches = new ArrayList<>();
  private final SlotLayout[] activationHalves = {new SlotLayout(), new SlotLayout()};
  private final SlotLayout[] gradientHalves = {new SlotLayout(), new SlotLayout()};
  private StageMemory stage = new StageMemory();
  private int activationTurn;
  private int gradientTurn;
  private long multiplyAdds; // since the last stretch
  private SlotLayout kept; // null until it is arranged

  /** What one stage asked for. */
  private static final class StageMemory {
    private final List<Slot> kept = new ArrayList<>();
    private final List<Slot> passing = new ArrayList<>();
    private Slot output; // the last activation that is kept; null without one
    private int gradientTurn; // of the gradient that is asked for next: that of the stage's output

    private long bytes() {
      return kept.stream().mapToLong(slot -> Arena.align(slot.layout().bytes())).sum();
    }
  }

  ActivationMemory(boolean training, int leading) {
    this.training = training;
    this.leading = leading;
  }

  /** Returns whether the stage being planned leads in a training, which keeps nothing of it. */
  boolean isPassedOver() {
    return training && !keeps();
  }

  private boolean keeps() {
    return training && stages.size() >= leading;
  }

  Slot activation(Layout layout) {
    if (!keeps()) {
      return activationHalves[activationTurn++ % 2].overlay(layout);
    }
    stage.output = saved(layout);
    return stage.output;
  }

  Slot saved(Layout layout) {
    Slot slot = new Slot(layout);
    stage.kept.add(slot);
    return slot;
  }

  /** Plans an activation that is read once in the forward, in the memory of gradients. */
  Slot passing(Layout layout) {
    if (!keeps()) {
      return activation(layout);
    }
    Slot slot = new Slot(layout);
    stage.passing.add(slot);
    stage.output = null;
    return slot;
  }

  Slot gradient(Layout layout) {
    if (!training) {
      throw new IllegalStateException("a net built for inference has no gradients");
    }
    return gradientHalves[gradientTurn++ % 2].overlay(layout);
  }

  /** Ends a stage; a stretch ends with it where images get smaller and the output is kept. */
  void stageDone(Layout x, Layout y, long stageMultiplyAdds) {
    StageMemory done = stage;
    done.gradientTurn = gradientTurn;
    stages.add(done);
    stage = new StageMemory();
    multiplyAdds += stages.size() > leading ? stageMultiplyAdds : 0;
    boolean keepsOutput = done.output != null && done.output.layout().equals(y);
    if (keepsOutput && plane(y.shape()) < plane(x.shape())) {
      int first = stretches.isEmpty() ? leading : stretches.get(stretches.size() - 1).last() + 1;
      int last = stages.size() - 1;
      long bytes = stages.subList(first, last + 1).stream().mapToLong(StageMemory::bytes).sum();
      long inner = bytes - Arena.align(done.output.layout().bytes());
      stretches.add(new Stretch(first, last, inner, multiplyAdds));
      multiplyAdds = 0;
    }
  }

  /** Returns the positions of an image, 1 for what is none. */
  private static long plane(Shape shape) {
    return shape.rank() == 4 ? (long) shape.dim(2) * shape.dim(3) : 1;
  }

  /**
   * Lays out what training keeps; called once, after the last stage.
   *
   * @param again which stretches are computed again
   */
  void arrange(List<Integer> again) {
    stages.add(stage); // of what was asked for outside of stages
    int at = 0;
    for (Stretch stretch : stretches) {
      int half = stages.get(stretch.last()).gradientTurn;
      for (; at <= stretch.last(); at++) {
        place(stages.get(at).passing, half + 1);
      }
    }
    for (; at < stages.size(); at++) {
      place(stages.get(at).passing, stages.get(at).gradientTurn + 1);
    }
    kept = arranged(again);
  }

  /**
   * When a stretch is computed again, the gradient of its output lies in one half. So what passes
   * within it has the other.
   */
  private void place(List<Slot> passing, int half) {
    passing.forEach(slot -> gradientHalves[half % 2].place(slot, 0));
  }

  private SlotLayout arranged(List<Integer> again) {
    SlotLayout layout = new SlotLayout();
    long base = 0;
    int at = 0;
    for (int i = 0; i < stretches.size(); i++) {
      Slot output = stages.get(stretches.get(i).last()).output;
      base = layout.place(output, base);
      long end = base;
      for (; at <= stretches.get(i).last(); at++) {
        for (Slot slot : stages.get(at).kept) {
          end = slot == output ? end : layout.place(slot, end);
        }
      }
      base = again.contains(i) ? base : end;
    }
    for (; at < stages.size(); at++) {
      for (Slot slot : stages.get(at).kept) {
        base = layout.place(slot, base);
      }
    }
    return layout;
  }

  List<Stretch> stretches() {
    return stretches;
  }

  long activationBytes() {
    return kept.bytes() + activationHalves[0].bytes() + activationHalves[1].bytes();
  }

  /** Returns what {@link #activationBytes} would be with other stretches. */
  long activationBytes(List<Integer> again) {
    return activationBytes() - kept.bytes() + arranged(again).bytes();
  }

  long gradientBytes() {
    return gradientHalves[0].bytes() + gradientHalves[1].bytes();
  }

  /** Binds every slot to its tensor; this memory starts at offset 0 of both arenas. */
  void bind(Arena activations, Arena gradients) {
    kept.bind(activations, 0);
    activationHalves[0].bind(activations, kept.bytes());
    activationHalves[1].bind(activations, kept.bytes() + activationHalves[0].bytes());
    gradientHalves[0].bind(gradients, 0);
    gradientHalves[1].bind(gradients, gradientHalves[0].bytes());
  }
}
