package org.vgg4j.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.vgg4j.io.AtomicFile;
import org.vgg4j.io.FileChecksums;
import org.vgg4j.io.FileOperations;
import org.vgg4j.io.SafeTensor;
import org.vgg4j.io.SafeTensorsReader;
import org.vgg4j.io.SafeTensorsWriter;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.train.Snapshot;
import org.vgg4j.train.TrainingState;

/**
 * The checkpoints of a run in one folder. Each has a number that is never used again, so that
 * nothing that is valid is ever written over; its manifest is written last, and older checkpoints
 * are removed only after that.
 *
 * <p>One process and one thread at a time may use a store.
 */
final class CheckpointStore {
  private static final int MOST_MANIFEST_BYTES = 1 << 26;

  private final Path folder;
  private final int keep;
  private final FileOperations files;
  private final TreeMap<Long, Checkpoint> known = new TreeMap<>(); // with a whole manifest
  private final TreeMap<Long, String> broken = new TreeMap<>(); // and why
  private long next = 1;

  /**
   * Opens the store of a folder that is there.
   *
   * @param keep how many of the newest checkpoints stay, beside the best
   * @throws IOException when the folder cannot be read
   */
  CheckpointStore(Path folder, int keep, FileOperations files) throws IOException {
    if (keep < 1) {
      throw new IllegalArgumentException("keep " + keep + " checkpoints");
    }
    this.folder = folder;
    this.keep = keep;
    this.files = files;
    for (Path file : files.list(folder)) {
      next = Math.max(next, CheckpointFiles.number(file) + 1);
      if (CheckpointFiles.isManifest(file)) {
        readManifest(file);
      }
    }
  }

  private void readManifest(Path file) {
    long number = CheckpointFiles.number(file);
    try {
      CheckpointManifest manifest =
          CheckpointManifest.decode(AtomicFile.read(file, MOST_MANIFEST_BYTES, files));
      if (manifest.number() != number) {
        throw new InvalidInputException("it is the manifest of number " + manifest.number());
      }
      known.put(number, new Checkpoint(folder, manifest));
    } catch (IOException | InvalidInputException e) {
      broken.put(number, e.getMessage());
    }
  }

  /**
   * Writes a checkpoint. Whatever fails, those that were there stay.
   *
   * @param published the name that the file of the net gets too, before the checkpoint is valid;
   *     null for none
   * @throws org.vgg4j.io.ForceFailedException when the disk did not confirm a file; what was
   *     written of this checkpoint is discarded, and a new one may be tried
   * @throws IOException when it cannot be written
   */
  Checkpoint save(Snapshot snapshot, Checkpointer.Contents contents, Path published)
      throws IOException {
    long number = next++;
    Path model = CheckpointFiles.model(folder, number);
    Path optimizer = CheckpointFiles.optimizer(folder, number);
    try {
      Map<String, FileChecksums> written = new LinkedHashMap<>();
      written.put(model.getFileName().toString(), contents.writeModel(snapshot, model, files));
      written.put(
          optimizer.getFileName().toString(),
          SafeTensorsWriter.write(optimizer, snapshot.optimizer(), Map.of("format", "pt"), files));
      if (published != null) {
        AtomicFile.link(model, published, files);
      }
      TrainingState state = snapshot.state();
      CheckpointManifest manifest =
          new CheckpointManifest(
              CheckpointManifest.FORMAT,
              number,
              state.testAccuracy(),
              state,
              contents.config(),
              written);
      AtomicFile.write(CheckpointFiles.manifest(folder, number), manifest.encode(), files);
      Checkpoint checkpoint = new Checkpoint(folder, manifest);
      known.put(number, checkpoint);
      return checkpoint;
    } catch (Throwable failure) {
      discard(number, failure);
      throw failure;
    }
  }

  /** Removes what there is of a checkpoint that could not be written, the manifest first. */
  private void discard(long number, Throwable failure) {
    for (Path file :
        List.of(
            CheckpointFiles.manifest(folder, number),
            CheckpointFiles.model(folder, number),
            CheckpointFiles.optimizer(folder, number))) {
      try {
        files.delete(file);
      } catch (IOException | RuntimeException | Error e) {
        failure.addSuppressed(e);
      }
    }
  }

  /**
   * Removes all but the newest ones and the best, and what killed processes left behind.
   *
   * @throws IOException when something cannot be removed, which does no harm
   */
  void prune() throws IOException {
    Set<Long> kept = new TreeSet<>(known.descendingKeySet().stream().limit(keep).toList());
    Checkpoint best = best();
    if (best != null) {
      kept.add(best.number());
    }
    List<Path> unneeded = new ArrayList<>();
    for (Path file : files.list(folder)) {
      long number = CheckpointFiles.number(file);
      if (number > 0 && !kept.contains(number)) {
        // The manifest first: without it the rest is no checkpoint, not a broken one.
        unneeded.add(CheckpointFiles.isManifest(file) ? 0 : unneeded.size(), file);
      }
    }
    for (Path file : unneeded) {
      files.delete(file);
    }
    known.keySet().retainAll(kept);
    broken.clear();
  }

  /**
   * Returns the checkpoint of the best test accuracy, of equal ones the first; null without one.
   */
  Checkpoint best() {
    return known.values().stream()
        .filter(checkpoint -> checkpoint.testAccuracy() != null)
        .max(
            Comparator.comparing(Checkpoint::testAccuracy)
                .thenComparing(Checkpoint::number, Comparator.reverseOrder()))
        .orElse(null);
  }

  /** Returns the newest checkpoint, by its manifest alone; null without one. */
  Checkpoint newest() {
    return known.isEmpty() ? null : known.lastEntry().getValue();
  }

  /** Returns whether a checkpoint has the model of this hash. */
  boolean hasModel(String sha256) {
    return known.values().stream()
        .flatMap(checkpoint -> checkpoint.manifest().files().values().stream())
        .anyMatch(file -> file.sha256().equals(sha256));
  }

  /** A checkpoint and what its files hold. */
  record Loaded(Checkpoint checkpoint, Snapshot snapshot) {}

  /**
   * Reads the newest checkpoint whose every file holds what its manifest says, each file once;
   * returns null when there is no checkpoint.
   *
   * @param report takes a line on each broken one that is passed over
   * @throws InvalidInputException when there are checkpoints and all are broken
   */
  Loaded newestValid(Consumer<String> report) {
    Set<Long> numbers = new TreeSet<>(Comparator.reverseOrder());
    numbers.addAll(known.keySet());
    numbers.addAll(broken.keySet());
    for (long number : numbers) {
      Checkpoint checkpoint = known.get(number);
      try {
        if (checkpoint != null) {
          return new Loaded(checkpoint, read(checkpoint));
        }
      } catch (IOException | InvalidInputException e) {
        known.remove(number);
        broken.put(number, e.getMessage());
      }
      report.accept(CheckpointFiles.label(number) + " is broken: " + broken.get(number));
    }
    if (!numbers.isEmpty()) {
      throw new InvalidInputException(
          "every checkpoint in " + folder + " is broken; remove them to start at the beginning");
    }
    return null;
  }

  private Snapshot read(Checkpoint checkpoint) throws IOException {
    return new Snapshot(
        checkpoint.state(),
        read(checkpoint.model(), checkpoint.manifest()),
        read(checkpoint.optimizer(), checkpoint.manifest()));
  }

  /** Returns the tensors of a file that must be what the manifest says. */
  private List<SafeTensor> read(Path file, CheckpointManifest manifest) throws IOException {
    String name = file.getFileName().toString();
    FileChecksums expected = manifest.files().get(name);
    if (expected == null) {
      throw new InvalidInputException("the manifest does not name " + name);
    }
    try (SafeTensorsReader reader = SafeTensorsReader.open(file, files)) {
      SafeTensorsReader.Contents contents = reader.readAll();
      FileChecksums found = contents.checksums();
      if (!found.sha256().equals(expected.sha256())) {
        String differing =
            found.crc32c().keySet().stream()
                .filter(t -> !found.crc32c().get(t).equals(expected.crc32c().get(t)))
                .limit(3)
                .collect(Collectors.joining(", "));
        throw new InvalidInputException(
            name
                + " does not match its SHA-256"
                + (differing.isEmpty() ? "" : ", in " + differing));
      }
      return contents.tensors();
    }
  }
}
