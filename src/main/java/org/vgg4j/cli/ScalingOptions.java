package org.vgg4j.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vgg4j.collective.Scaling;
import org.vgg4j.collective.Scaling.Link;
import org.vgg4j.collective.Scaling.Way;
import org.vgg4j.tensor.InvalidInputException;
import picocli.CommandLine.Option;

/** The flags that compute what several workers would make of a training, without any. */
final class ScalingOptions {
  private static final Pattern TIME = Pattern.compile("(\\d+(?:\\.\\d+)?)(us|ms|s)");
  private static final Map<String, Double> UNITS = Map.of("us", 1e-6, "ms", 1e-3, "s", 1.0);

  @Option(
      names = "--simulate-workers",
      paramLabel = "N",
      description =
          "Train nothing: measure a step here, and print what 2 to N workers would make of it.")
  private Integer most;

  @Option(
      names = "--bandwidth",
      paramLabel = "GBIT",
      defaultValue = "10",
      description =
          "Of the network of --simulate-workers, in Gb/s in each direction (default:"
              + " ${DEFAULT-VALUE}).")
  private double gigabits;

  @Option(
      names = "--latency",
      paramLabel = "TIME",
      defaultValue = "50us",
      description = "Of the network of --simulate-workers: 20us, 1ms (default: ${DEFAULT-VALUE}).")
  private String latency;

  boolean areGiven() {
    return most != null;
  }

  /** Returns the network; refuses what is none. */
  Link link() {
    InvalidInputException.requireAtLeast(1, "simulateWorkers", most);
    if (!(gigabits > 0 && gigabits < 1e6)) {
      throw InvalidInputException.of("bandwidth", "must be positive, in Gb/s, not " + gigabits);
    }
    Matcher time = TIME.matcher(latency.strip());
    if (!time.matches()) {
      throw InvalidInputException.of(
          "latency", "must be a time such as 20us or 1ms, not " + latency);
    }
    return new Link(
        gigabits * 1e9 / 8, Double.parseDouble(time.group(1)) * UNITS.get(time.group(2)));
  }

  /** Prints the table: each worker with as many images as now, then all together with as many. */
  void print(Scaling scaling, int images, PrintWriter out) {
    Link link = link();
    out.printf(
        Locale.ROOT,
        "one worker: %.1f ms for a step of %d images; gradients %.0f MB; %s Gb/s, latency %s%n",
        scaling.stepSeconds() * 1e3,
        images,
        scaling.slabBytes() / 1e6,
        gigabits,
        latency);
    out.printf("          %d images for each worker           %d images for all%n", images, images);
    out.println("workers   ring               tree               ring               tree");
    for (int workers = 1; ; workers = Math.min(most, workers * 2)) {
      StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%-10d", workers));
      for (double share : new double[] {1, 1.0 / workers}) {
        for (Way way : Way.values()) {
          double seconds = scaling.stepSeconds(workers, share, link, way);
          double rate = images * workers * share / seconds;
          double efficiency = rate / workers * scaling.stepSeconds() / images;
          String cell = String.format(Locale.ROOT, "%.1f/s %.0f %%", rate, efficiency * 100);
          line.append(String.format("%-19s", cell));
        }
      }
      out.println(line.toString().stripTrailing());
      if (workers >= most) {
        break;
      }
    }
    out.println(
        "images a second, and of what so many workers alone would do; nobody slow, no cable"
            + " shared");
    out.println(
        "published for VGG16: DGX-1, 8 P100 at batch 64 each: 88 %; Horovod, 512 GPUs over 25 Gb/s:"
            + " 68 %");
    out.flush();
  }
}
