package org.vgg4j.paper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.vgg4j.run.Recipe;
import org.vgg4j.run.Settings;
import org.vgg4j.tensor.InvalidInputException;

/**
 * What a study compares.
 *
 * @param nets the nets, in the paper's order
 * @param scales the sizes in pixels
 * @param seeds how many seeds: 1, 2, ...
 * @param settings of every training, key to text, as {@code ./vgg train} takes them; net, scale,
 *     seed and first weights are the study's own
 * @param folder where its runs and results lie
 */
public record StudyOptions(
    List<PaperNet> nets, TrainScales scales, int seeds, Map<String, String> settings, Path folder) {
  private static final List<String> OWN =
      List.of("recipe", "arch", "layers", "scale", "seed", "startFrom", "initFrom");

  /** Copies and checks. */
  public StudyOptions {
    nets = List.copyOf(nets);
    settings = Map.copyOf(settings);
    InvalidInputException.requireAtLeast(1, "seeds", seeds);
    for (String key : OWN) {
      if (settings.containsKey(key)) {
        throw InvalidInputException.of(key, "is the comparison's own: leave it out");
      }
    }
  }

  /** Returns the trainings in their order: what one begins with comes before it. */
  List<StudyRun> runs() {
    Set<StudyRun> all = new LinkedHashSet<>();
    for (int seed = 1; seed <= seeds; seed++) {
      for (PaperNet net : nets) {
        for (TrainScale scale : net.scales()) {
          addWithBefore(new StudyRun(net, scale, seed), all);
        }
      }
    }
    return List.copyOf(all);
  }

  private static void addWithBefore(StudyRun run, Set<StudyRun> all) {
    List<StudyRun> chain = new ArrayList<>();
    for (StudyRun each = run; each != null; each = each.before()) {
      chain.add(0, each);
    }
    all.addAll(chain);
  }

  /** Returns a run in words. */
  String name(StudyRun run) {
    return "%s, S = %s, seed %d".formatted(run.net().text(), scales.text(run.scale()), run.seed());
  }

  /** Returns a run's folder. */
  Path folder(StudyRun run) {
    return folder.resolve("runs").resolve(run.folder(scales));
  }

  /** Returns the file of a test's posteriors. */
  Path file(StudyTest test) {
    return folder.resolve("tests").resolve(test.file(scales));
  }

  /** Returns whether a training has a line of metrics for each epoch, and a model. */
  boolean isFinished(StudyRun run) throws IOException {
    Path metrics = folder(run).resolve("metrics.jsonl");
    if (!Files.exists(metrics) || !Files.exists(metrics.resolveSibling("model.safetensors"))) {
      return false;
    }
    try (Stream<String> lines = Files.lines(metrics)) {
      return lines.count() >= recipe(run).training().epochs();
    }
  }

  /** Returns the settings of a training, without those of its first weights. */
  Map<String, String> settings(StudyRun run) {
    Map<String, String> all = new TreeMap<>(settings);
    all.put("recipe", "paper");
    all.put("arch", run.net().arch());
    all.put("scale", scales.text(run.scale()));
    all.put("seed", Long.toString(run.seed()));
    all.putIfAbsent("cacheSize", Integer.toString(scales.largest()));
    return all;
  }

  /** Returns what a training is, as far as that does not depend on its images. */
  Recipe recipe(StudyRun run) {
    return Settings.recipe(Recipe.of("paper"), settings(run));
  }
}
