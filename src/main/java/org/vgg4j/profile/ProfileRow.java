package org.vgg4j.profile;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An operation of a step; all numbers are of one step, over all its runs.
 *
 * @param part input, forward, loss, backward, update, or rest
 * @param layer what it is in, such as features.3; empty for the rest
 * @param name what it computes
 * @param implementation what computes it, empty where nothing is said
 * @param conversion whether it only changes order or type of values
 * @param runs how often it ran, on average
 * @param millis the median over the profiled steps
 * @param share of the time of all profiled steps, from 0 to 1
 * @param bytes of its operands; 0 when that is not known
 * @param multiplyAdds of its products
 * @param boundMillis what bytes and multiply-adds take at the engine's ceilings, 0 when not known
 */
public record ProfileRow(
    String part,
    String layer,
    String name,
    String implementation,
    boolean conversion,
    double runs,
    double millis,
    double share,
    long bytes,
    long multiplyAdds,
    double boundMillis) {
  /** Returns how many times its bound it takes, 0 when that is not known. */
  public double times() {
    return boundMillis == 0 ? 0 : millis / boundMillis;
  }

  /** Returns whether it takes three times its bound or more. */
  public boolean isMarked() {
    return times() >= Ceilings.MARKED_TIMES;
  }

  /** Returns what it takes beyond its bound, in milliseconds; 0 when that is not known. */
  public double lostMillis() {
    return boundMillis == 0 ? 0 : Math.max(0, millis - boundMillis);
  }

  /** Returns the arithmetic speed in 10^12 operations a second, a multiply-add counted as two. */
  public double teraflops() {
    return millis == 0 ? 0 : 2.0 * multiplyAdds / millis / 1e9;
  }

  /** Returns the speed of memory in 10^9 bytes a second. */
  public double gigabytesPerSecond() {
    return millis == 0 ? 0 : bytes / millis / 1e6;
  }

  /** Returns the object of {@code profile.json}. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("part", part);
    map.put("layer", layer);
    map.put("name", name);
    map.put("implementation", implementation);
    map.put("conversion", conversion);
    map.put("runs", runs);
    map.put("millis", millis);
    map.put("share", share);
    map.put("bytes", bytes);
    map.put("multiplyAdds", multiplyAdds);
    map.put("boundMillis", boundMillis);
    map.put("marked", isMarked());
    return map;
  }
}
