package org.vgg4j.run;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.vgg4j.nn.Recomputation;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.OutOfDeviceMemoryException;

/**
 * The memory of a run: what was asked for, and the way that was taken.
 *
 * @param asked auto or bytes; null when nothing was said
 * @param limit the most bytes that it may take
 * @param choice the way
 */
public record RunMemory(String asked, long limit, MemoryChoice choice) {
  /**
   * Chooses how to train. A resumed run keeps its number of passes, which its results depend on,
   * unless a limit is given anew.
   *
   * @param given the settings that are given now
   * @param before the configuration of the run that goes on, else empty
   * @param reserved bytes of the limit that the training leaves to something else
   * @param sharing how ranks share each pass
   * @throws OutOfDeviceMemoryException when nothing fits
   */
  static RunMemory choose(
      Recipe recipe,
      int images,
      Backend backend,
      Map<String, ?> given,
      Map<String, ?> before,
      long reserved,
      Sharing sharing) {
    Map<String, Object> now = new HashMap<>(before);
    now.putAll(given);
    String asked = MemorySettings.MEMORY.find(now);
    Integer split = MemorySettings.SPLIT.find(before);
    boolean isChosenAnew = before.isEmpty() || given.containsKey(MemorySettings.MEMORY.key());
    int kept = isChosenAnew ? 0 : split == null ? 1 : split;
    return choose(recipe, images, backend, asked, kept, reserved, sharing);
  }

  /**
   * Chooses for a limit.
   *
   * @param asked auto or bytes, null for auto
   * @param split passes per batch that are kept to; 0 to choose them too
   * @throws OutOfDeviceMemoryException when nothing fits
   */
  public static RunMemory choose(
      Recipe recipe, int images, Backend backend, String asked, int split) {
    return choose(recipe, images, backend, asked, split, 0, Sharing.NONE);
  }

  private static RunMemory choose(
      Recipe recipe,
      int images,
      Backend backend,
      String asked,
      int split,
      long reserved,
      Sharing sharing) {
    long free = backend.availableBytes();
    boolean isFree =
        asked == null || asked.equals(MemorySettings.AUTO) || Long.parseLong(asked) >= free;
    long limit = isFree ? free : Long.parseLong(asked);
    String text = isFree ? backend.memoryLimit() : "the limit that was asked for";
    text += split > 0 ? " (a resumed run keeps its passes unless a limit is given anew)" : "";
    return new RunMemory(
        asked,
        limit,
        MemoryChoice.choose(recipe, images, backend, limit - reserved, text, split, sharing));
  }

  /** Returns the bytes of the limit that the training leaves. */
  long room() {
    return limit - choice.bytes();
  }

  Integer splitOrNull() {
    return choice.split() == 1 ? null : (Integer) choice.split();
  }

  String againOrNull() {
    Recomputation again = choice.way().recomputation();
    return again.equals(Recomputation.NONE) ? null : again.text();
  }

  /** Returns what a training says of it before it starts. */
  List<String> lines(Recipe recipe) {
    return MemoryReport.lines(choice, recipe, limit);
  }
}
