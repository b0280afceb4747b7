package org.vgg4j.backend.onednn;

import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.tensor.InvalidInputException;

/**
 * How many threads the engine runs on. oneDNN's batch norm waits for every one of them, so the
 * number is not computed but set in the OpenMP runtime and counted there.
 */
final class ThreadCount {
  private static final Logger LOG = LoggerFactory.getLogger(ThreadCount.class);

  /** OpenMP ends the process when the system gives it no more threads. */
  private static final int MOST = 256;

  private static final String VARIABLE = "OMP_NUM_THREADS";

  private static final Set<Integer> PROVEN = new HashSet<>();
  private static int usual; // without one that is asked for; 0 before it is known

  private ThreadCount() {}

  /**
   * Sets the number of threads of the calling thread's parallel regions and proves it.
   *
   * @param asked null for OMP_NUM_THREADS, else one for each processor
   * @throws InvalidInputException when OpenMP runs another number
   */
  static synchronized int set(Integer asked) {
    int processors = Runtime.getRuntime().availableProcessors();
    OpenMp openMp = OpenMp.instance();
    if (asked != null) {
      InvalidInputException.requireAtLeast(1, "threads", asked);
      if (asked > most(processors)) {
        throw InvalidInputException.of(
            "threads", "must be at most %d here, not %d".formatted(most(processors), asked));
      }
    } else if (usual == 0) {
      usual = usual(openMp, processors);
    }
    int threads = asked == null ? usual : asked;
    if (openMp == null) {
      requireOfEnvironment(asked, processors);
    } else {
      openMp.use(threads);
      prove(openMp, threads);
    }
    return threads;
  }

  private static int usual(OpenMp openMp, int processors) {
    String named = System.getenv(VARIABLE);
    // Also " 3", and 4,2, whose second number is for regions within regions.
    if (named != null && named.matches("\\s*\\d.*")) {
      long number = Long.parseLong(named.replaceFirst("\\s*(\\d{1,9}).*", "$1"));
      if (number > most(processors)) {
        throw new InvalidInputException(
            "%s=%s in the environment is too many: at most %d here"
                .formatted(VARIABLE, named, most(processors)));
      }
    }
    if (openMp == null) {
      return ofEnvironment(processors);
    }
    int team = openMp.team();
    // OpenMP counts the machine's processors, Java those of the container's quota.
    return named == null || named.isBlank() ? Math.min(team, processors) : team;
  }

  private static int most(int processors) {
    return Math.max(MOST, 4 * processors);
  }

  private static void prove(OpenMp openMp, int threads) {
    if (PROVEN.contains(threads)) {
      return;
    }
    int team = openMp.team();
    if (team != threads) {
      String limit = System.getenv("OMP_THREAD_LIMIT");
      throw InvalidInputException.of(
          "threads",
          "%d cannot be had: OpenMP runs %d%s; use %d"
              .formatted(
                  threads, team, limit == null ? "" : " (OMP_THREAD_LIMIT=" + limit + ")", team));
    }
    PROVEN.add(threads);
    int processors = Runtime.getRuntime().availableProcessors();
    if (threads > processors) {
      LOG.warn(
          "{} threads on {}: all wait for each other at every operation, which can make it 50"
              + " times as slow",
          threads,
          processors(processors));
    }
  }

  private static String processors(int count) {
    return count + (count == 1 ? " processor" : " processors");
  }

  /** Returns what OpenMP makes of the environment where it cannot be asked. */
  private static int ofEnvironment(int processors) {
    String value = System.getenv(VARIABLE);
    return value != null && value.matches("[1-9][0-9]{0,5}") ? Integer.parseInt(value) : processors;
  }

  private static void requireOfEnvironment(Integer asked, int processors) {
    if (asked != null && asked != ofEnvironment(processors)) {
      throw InvalidInputException.of(
          "threads",
          "%d takes effect on this system only before Java starts: use ./vgg, or set %s=%d"
              .formatted(asked, VARIABLE, asked));
    }
  }
}
