package org.vgg4j.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.io.FaultyFiles;
import org.vgg4j.io.FaultyFiles.Fault;
import org.vgg4j.io.FileOperations;
import org.vgg4j.io.MemoryFiles;
import org.vgg4j.io.SafeTensorsReader;
import org.vgg4j.io.TestTensors;
import org.vgg4j.io.Verification;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.LossTotals;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.Snapshot;
import org.vgg4j.train.TrainingState;

/**
 * Every call of a save goes wrong in every way: the newest checkpoint or the one before is there.
 */
class CheckpointFaultTest {
  private static final Path FOLDER = Path.of("/run/checkpoints");
  private static final Path MODEL = Path.of("/run/model.safetensors");
  private static final int POWER_CUTS = 4;
  private static final VggConfig NET =
      VggConfig.builder().layers("1,M").channels(1).classes(2).imageSize(2).hidden(1).build();
  private static final Checkpointer.Contents CONTENTS =
      new Checkpointer.Contents(NET, Preprocessing.of(1, 2), List.of("a", "b"), Map.of("seed", 1));

  @ParameterizedTest
  @CsvSource({
    "1, 0, true",
    "1, 1, true",
    "1, 3, true",
    "3, 0, true",
    "3, 1, true",
    "3, 5, true",
    "1, 1, false",
    "1, 3, false",
    "3, 5, false"
  })
  void whateverGoesWrongTheNewestOrThePreviousIsThere(int keep, int before, boolean links)
      throws IOException {
    MemoryFiles start = new MemoryFiles(links);
    CheckpointStore first = new CheckpointStore(FOLDER, keep, start);
    for (int step = 1; step <= before; step++) {
      save(first, step);
    }
    FaultyFiles sound = new FaultyFiles(start.copy());
    CheckpointStore counted = new CheckpointStore(FOLDER, keep, sound);
    sound.failing(Fault.FAILS_ONCE, -1);
    save(counted, before + 1);
    List<String> calls = sound.calls();
    int cases = 0;
    for (Fault fault : Fault.values()) {
      for (int call = 0; call < calls.size(); call++) {
        MemoryFiles disk = start.copy();
        FaultyFiles faulty = new FaultyFiles(disk);
        CheckpointStore store = new CheckpointStore(FOLDER, keep, faulty);
        faulty.failing(fault, call);
        String what = "keep " + keep + ", " + fault + " at " + call + " " + calls.get(call);
        boolean written = tried(store, before + 1, fault, what);
        check(disk.copy(), keep, before, written, what);
        cases++;
        for (int cut = 0; cut < POWER_CUTS; cut++) {
          Random random = new Random(1000L * call + cut);
          check(disk.afterPowerCut(random), keep, before, written, what + ", power cut " + cut);
          cases++;
        }
      }
    }
    System.out.println(
        "keep " + keep + ", before " + before + ", links " + links + ": " + cases + " cases");
    // Over the nine rows at least 2,000 in all, power cuts not counted.
    assertTrue(cases >= 290 * (1 + POWER_CUTS), "only " + cases + " cases");
  }

  /** Returns whether the checkpoint was said to be written; what went wrong must be said too. */
  private static boolean tried(CheckpointStore store, int step, Fault fault, String what) {
    boolean written = false;
    try {
      save(store, snapshot(step));
      written = true;
      store.prune();
      // From these calls on there may be no more forces or renames that could fail; where a link
      // fails there is a copy.
      assertTrue(
          fault == Fault.FORCES_FAIL || fault == Fault.RENAMES_FAIL || what.contains(" link "),
          "unsaid: " + what);
    } catch (IOException e) {
      assertNotEquals(Fault.DIES, fault, what);
      assertTrue(e.getMessage().contains("injected into "), () -> e + ": " + what);
    } catch (FaultyFiles.Death e) {
      assertEquals(Fault.DIES, fault, what);
    }
    return written;
  }

  private static void check(MemoryFiles disk, int keep, int before, boolean written, String what)
      throws IOException {
    List<String> broken = new ArrayList<>();
    CheckpointStore store = new CheckpointStore(FOLDER, keep, disk);
    CheckpointStore.Loaded newest = store.newestValid(broken::add);
    if (newest == null) {
      assertTrue(before == 0 && !written, () -> "nothing is left: " + what);
      requireModel(0, before + 1, disk, what);
    } else {
      int step = (int) newest.checkpoint().state().step();
      requireModel(step, before + 1, disk, what);
      assertTrue(
          step == before + 1 || (step == before && !written), () -> "step " + step + ": " + what);
      requireHolds(newest, step, disk, what);
    }
    assertEquals(List.of(), broken, what);
    save(store, before + 2);
    requireHolds(store.newestValid(fail -> fail("broken: " + what)), before + 2, disk, what);
    List<Path> left = disk.list(FOLDER);
    assertTrue(left.size() <= 3 * (keep + 1), () -> left + " is left: " + what);
    assertTrue(left.stream().noneMatch(file -> file.toString().endsWith(".tmp")), what);
  }

  /**
   * What the newest checkpoint says is finished is in the run's model, which may be that of a
   * checkpoint that did not become valid after it.
   */
  private static void requireModel(int newest, int last, MemoryFiles disk, String what)
      throws IOException {
    int least = newest / 2 * 2; // every second step ends an epoch
    if (disk.bytes(MODEL) == null) {
      assertEquals(0, least, () -> "no model: " + what);
      return;
    }
    try (SafeTensorsReader model = SafeTensorsReader.open(MODEL, disk)) {
      float step = TestTensors.floats(model, "w")[0];
      assertTrue(step == least || step == last, () -> "model of step " + step + ": " + what);
      assertEquals(Verification.VERIFIED, model.verify(), what);
    }
  }

  private static void requireHolds(
      CheckpointStore.Loaded loaded, int step, FileOperations files, String what)
      throws IOException {
    Checkpoint checkpoint = loaded.checkpoint();
    assertEquals(step, checkpoint.state().step(), what);
    assertEquals(checkpoint.state(), loaded.snapshot().state(), what);
    float first = loaded.snapshot().model().get(0).bytes().getFloat(0);
    assertEquals(step, first, what);
    assertEquals(step, loaded.snapshot().optimizer().get(0).bytes().getDouble(0), what);
    try (SafeTensorsReader model = SafeTensorsReader.open(checkpoint.model(), files);
        SafeTensorsReader moments = SafeTensorsReader.open(checkpoint.optimizer(), files)) {
      assertArrayEquals(new float[] {step, 2, 3}, TestTensors.floats(model, "w"), what);
      assertArrayEquals(new double[] {step, 0.1}, TestTensors.doubles(moments, "exp_avg.w"), what);
    }
  }

  private static Checkpoint save(CheckpointStore store, int step) throws IOException {
    Checkpoint saved = save(store, snapshot(step));
    store.prune();
    return saved;
  }

  /** Saves as a run does: the model after an epoch gets its second name. */
  private static Checkpoint save(CheckpointStore store, Snapshot snapshot) throws IOException {
    return store.save(snapshot, CONTENTS, snapshot.state().endsEpoch() ? MODEL : null);
  }

  /** Every second one has just ended an epoch; the first such is the best. */
  private static Snapshot snapshot(int step) {
    List<EpochMetrics> finished = new ArrayList<>();
    for (int epoch = 1; epoch <= step / 2; epoch++) {
      finished.add(new EpochMetrics(epoch, 1.0 / epoch, 0.5, 0.9 - 0.1 * epoch, 1, 1));
    }
    TrainingState state =
        new TrainingState(
            step,
            step,
            step / 2 + 1,
            step % 2,
            0,
            0.5,
            new LossTotals(0.1 * step, 1, 1, 2, -1),
            finished);
    return new Snapshot(
        state,
        List.of(TestTensors.floats("w", new float[] {step, 2, 3}, 3)),
        List.of(TestTensors.doubles("exp_avg.w", new double[] {step, 0.1}, 2)));
  }

  @Test
  void theNewestAndTheBestStay() throws IOException {
    MemoryFiles disk = new MemoryFiles();
    CheckpointStore store = new CheckpointStore(FOLDER, 2, disk);
    for (int step = 1; step <= 9; step++) {
      save(store, step);
    }
    List<String> manifests =
        disk.list(FOLDER).stream()
            .map(file -> file.getFileName().toString())
            .filter(name -> name.endsWith(".json"))
            .toList();
    assertEquals(
        List.of("checkpoint-000002.json", "checkpoint-000008.json", "checkpoint-000009.json"),
        manifests);
    assertEquals(9, disk.list(FOLDER).size());
    assertEquals(2, new CheckpointStore(FOLDER, 2, disk).best().state().step());
    requireModel(9, 8, disk, "after pruning");
  }

  @Test
  void aBrokenOneIsNamedAndTheOneBeforeTaken() throws IOException {
    MemoryFiles sound = new MemoryFiles();
    CheckpointStore store = new CheckpointStore(FOLDER, 3, sound);
    save(store, 1);
    save(store, 2);
    assertNull(new CheckpointStore(Path.of("/else"), 3, sound).newestValid(line -> fail(line)));
    for (String end : List.of("json", "model.safetensors", "optimizer.safetensors")) {
      Path file = FOLDER.resolve("checkpoint-000002." + end);
      int length = sound.bytes(file).length;
      for (int at = 0; at < length; at++) {
        byte[] bytes = sound.bytes(file);
        bytes[at] ^= 1;
        requireFirst(sound, file, bytes);
      }
      requireFirst(sound, file, new byte[0]);
      requireFirst(sound, file, null);
    }
  }

  private static void requireFirst(MemoryFiles sound, Path file, byte[] bytes) throws IOException {
    MemoryFiles disk = sound.copy();
    disk.delete(file);
    if (bytes != null) {
      disk.put(file, bytes);
    }
    List<String> lines = new ArrayList<>();
    Checkpoint newest = new CheckpointStore(FOLDER, 3, disk).newestValid(lines::add).checkpoint();
    assertEquals(1, newest.state().step());
    boolean noManifest = bytes == null && CheckpointFiles.isManifest(file);
    assertEquals(noManifest ? 0 : 1, lines.size());
    for (String line : lines) {
      assertTrue(line.startsWith("checkpoint-000002 is broken: "), line);
    }
  }
}
