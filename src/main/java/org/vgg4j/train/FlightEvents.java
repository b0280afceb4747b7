package org.vgg4j.train;

import java.util.function.Supplier;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;

/**
 * Events of Java's flight recorder, only where one has started: the first event of a process loads
 * much of the recorder, also when nothing is recorded.
 */
public final class FlightEvents {
  private FlightEvents() {}

  /**
   * Begins an event.
   *
   * @param kind its constructor
   * @return null where no flight recorder has started
   */
  public static <E extends Event> E begin(Supplier<E> kind) {
    if (!FlightRecorder.isInitialized()) {
      return null;
    }
    E event = kind.get();
    event.begin();
    return event;
  }

  /**
   * Ends an event.
   *
   * @param event null where no recorder had started
   * @return whether it is recorded, once it is committed
   */
  public static boolean end(Event event) {
    if (event == null) {
      return false;
    }
    event.end();
    return event.shouldCommit();
  }
}
