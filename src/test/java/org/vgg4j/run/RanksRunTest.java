package org.vgg4j.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.collective.Collective;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.testing.LocalRanks;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.TrainingListener;

/** A run that ranks share: one folder, the same bits however often it is interrupted. */
final class RanksRunTest {
  @TempDir private Path folder;

  private final List<String> reports = Collections.synchronizedList(new ArrayList<>());

  private RunPlan plan(Collective rank, Map<String, String> settings) {
    return TinyRuns.plan(settings, 3, line -> reports.add("rank " + rank.rank() + ": " + line))
        .withCollective(rank);
  }

  private static Map<String, String> settings(String device, String... others) {
    List<String> all =
        new ArrayList<>(List.of("device", device, "epochs", "3", "ema", "0.9", "seed", "5"));
    all.addAll(List.of(others));
    return TinyRuns.settings(all.toArray(String[]::new));
  }

  private EpochMetrics fit(TrainingRun run, int stopAt) throws IOException {
    AtomicInteger steps = new AtomicInteger();
    return run.fit(
        new TrainingListener() {
          @Override
          public void stepFinished(int epoch, int step, int images, double meanLoss) {
            if (steps.incrementAndGet() == stopAt) {
              run.stop();
            }
          }
        });
  }

  /** Trains on two ranks; rank 1 asks to stop after so many steps. */
  private List<EpochMetrics> train(Map<String, String> settings, Path path, int... stops) {
    return LocalRanks.all(
        2,
        rank -> {
          try {
            EpochMetrics last;
            try (TrainingRun run = TrainingRun.create(plan(rank, settings), path)) {
              last = fit(run, rank.rank() == 1 && stops.length > 0 ? stops[0] : 0);
            }
            for (int i = 0; i < stops.length; i++) {
              int next = i + 1 < stops.length && rank.rank() == 1 ? stops[i + 1] : 0;
              try (TrainingRun run = TrainingRun.resume(path, plan(rank, Map.of()))) {
                last = fit(run, next);
              }
            }
            return last;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "cpu"})
  void interruptedAnywhereTheBitsAreTheSame(String device) throws IOException {
    Path whole = folder.resolve("whole");
    List<EpochMetrics> ends = train(settings(device), whole);
    assertEquals(ends.get(0).timeless(), ends.get(1).timeless());
    Path parts = folder.resolve("parts");
    List<EpochMetrics> again = train(settings(device), parts, 2, 4, 1, 5);
    assertEquals(ends.get(0).timeless(), again.get(0).timeless());
    assertEquals(ends.get(1).timeless(), again.get(1).timeless());
    assertArrayEquals(
        Files.readAllBytes(whole.resolve("model.safetensors")),
        Files.readAllBytes(parts.resolve("model.safetensors")));
    assertTrue(reports.stream().allMatch(line -> line.startsWith("rank 0: ")), reports::toString);
    assertTrue(reports.stream().anyMatch(line -> line.contains("resuming from")));
  }

  /** One rank goes on with what two began, and the other way round. */
  @Test
  void anotherNumberOfRanksGoesOn() throws IOException {
    Path path = folder.resolve("run");
    Map<String, String> settings = settings("reference");
    train(settings, path);
    try (TrainingRun run =
        TrainingRun.resume(path, plan(Collective.alone(), Map.of("epochs", "4")))) {
      assertEquals(4, run.fit(new TrainingListener() {}).epoch());
    }
    List<Integer> epochs =
        LocalRanks.all(
            2,
            rank -> {
              try (TrainingRun run = TrainingRun.resume(path, plan(rank, Map.of("epochs", "5")))) {
                assertEquals(rank.rank() == 0 ? path : null, run.folder());
                return run.fit(new TrainingListener() {}).epoch();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    assertEquals(List.of(5, 5), epochs);
  }

  /** All go back to the same checkpoint, and on at a tenth of the rate, to the same bits. */
  @Test
  void allGoBackTogether() throws IOException {
    Map<String, String> settings = new HashMap<>(settings("reference"));
    settings.putAll(Map.of("weightDecay", "1.5e6", "learningRate", "0.001", "optimizer", "sgd"));
    settings.putAll(Map.of("learningRateSchedule", "constant", "momentum", "0", "ema", "0"));
    settings.putAll(Map.of("batchNorm", "false", "batchSize", "2", "epochs", "1"));
    List<Path> folders = List.of(folder.resolve("one"), folder.resolve("another"));
    for (Path path : folders) {
      List<Integer> epochs =
          LocalRanks.all(
              2,
              rank -> {
                RunPlan plan =
                    plan(rank, settings)
                        .withCheckpoints(
                            new CheckpointPolicy(CheckpointInterval.EPOCH, 3, NanPolicy.ROLLBACK));
                try (TrainingRun run = TrainingRun.create(plan, path)) {
                  return run.fit(new TrainingListener() {}).epoch();
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      assertEquals(List.of(1, 1), epochs);
    }
    long times =
        reports.stream().filter(line -> line.contains("at a tenth of the learning rate")).count();
    assertTrue(times >= 2 && times % 2 == 0, reports::toString);
    assertArrayEquals(
        Files.readAllBytes(folders.get(0).resolve("model.safetensors")),
        Files.readAllBytes(folders.get(1).resolve("model.safetensors")));
  }

  /** All refuse, with a line that names the rank, and there is no folder. */
  @Test
  void aRankThatDiffersIsRefusedByAll() {
    Path path = folder.resolve("run");
    List<Object> outcomes =
        LocalRanks.outcomes(
            3,
            rank ->
                created(
                    rank, path, rank.rank() == 2 ? "learningRate" : "seed", "0.5".substring(2)));
    for (Object outcome : outcomes) {
      String message = ((InvalidInputException) outcome).getMessage();
      assertTrue(message.startsWith("rank 2 differs from rank 0: "), message);
    }
    assertTrue(Files.notExists(path));
  }

  /** One of them cannot begin at all. */
  @Test
  void aRankThatCannotBeginIsToldToAll() {
    Path path = folder.resolve("run");
    List<Object> outcomes =
        LocalRanks.outcomes(
            2, rank -> created(rank, path, "device", rank.rank() == 1 ? "nothing" : "cpu"));
    String first = ((InvalidInputException) outcomes.get(0)).getMessage();
    String second = ((InvalidInputException) outcomes.get(1)).getMessage();
    assertEquals("rank 1 cannot begin: " + second, first);
    assertTrue(Files.notExists(path));
  }

  /** The folder of another run. */
  @Test
  void whatRankZeroRefusesAllRefuse() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{}");
    List<Object> outcomes =
        LocalRanks.outcomes(2, rank -> created(rank, folder, "device", "reference"));
    String first = ((InvalidInputException) outcomes.get(0)).getMessage();
    String second = ((InvalidInputException) outcomes.get(1)).getMessage();
    assertTrue(first.contains("holds a run already"), first);
    assertEquals("rank 0 cannot begin: " + first, second);
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(1, files.count());
    }
  }

  private Object created(Collective rank, Path path, String key, String value) {
    Map<String, String> settings = settings("reference", key, value);
    try (TrainingRun run = TrainingRun.create(plan(rank, settings), path)) {
      assertNull(run.folder(), "nobody was to begin");
      return null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
