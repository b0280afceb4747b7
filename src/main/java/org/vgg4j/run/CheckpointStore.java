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
import org.vgg4j.io.FileHandle;
import org.vgg4j.io.FileOperations;
import org.vgg4j.io.SafeTensor;
import org.vgg4j.io.SafeTensorSpec;
import org.vgg4j.io.SafeTensorsReader;
import org.vgg4j.io.SafeTensorsWriter;
import org.vgg4j.run.CheckpointManifest.TensorFile;
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
public final class CheckpointStore {
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
  public CheckpointStore(Path folder, int keep) throws IOException {
    this(folder, keep, FileOperations.SYSTEM);
  }

  /** Opens a store over a layer of files that tests may put in. */
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
      known.put(number, new Checkpoint(folder, manifest, files));
    } catch (IOException | InvalidInputException e) {
      broken.put(number, e.getMessage());
    }
  }

  /**
   * Writes a checkpoint. Whatever fails, those that were there stay.
   *
   * @throws org.vgg4j.io.ForceFailedException when the disk did not confirm a file; what was
   *     written of this checkpoint is discarded, and a new one may be tried
   * @throws IOException when it cannot be written
   */
  Checkpoint save(Snapshot snapshot, Checkpointer.Contents contents) throws IOException {
    long number = next++;
    Path model = CheckpointFiles.model(folder, number);
    Path optimizer = CheckpointFiles.optimizer(folder, number);
    try {
      contents.writeModel(snapshot, model, files);
      SafeTensorsWriter.write(optimizer, snapshot.optimizer(), Map.of("format", "pt"), files);
      Map<String, TensorFile> written = new LinkedHashMap<>();
      written.put(model.getFileName().toString(), describe(model, snapshot.model()));
      written.put(optimizer.getFileName().toString(), describe(optimizer, snapshot.optimizer()));
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
      Checkpoint checkpoint = new Checkpoint(folder, manifest, files);
      known.put(number, checkpoint);
      return checkpoint;
    } catch (Throwable failure) {
      discard(number, failure);
      throw failure;
    }
  }

  private TensorFile describe(Path file, List<SafeTensor> tensors) throws IOException {
    Map<String, String> crcs = new LinkedHashMap<>();
    try (SafeTensorsReader reader = SafeTensorsReader.open(file, files)) {
      for (SafeTensor tensor : tensors) {
        crcs.put(tensor.spec().name(), reader.crc32c(tensor.spec().name()));
      }
    } catch (InvalidInputException e) {
      throw new IOException(e.getMessage(), e);
    }
    try (FileHandle handle = files.open(file)) {
      return new TensorFile(handle.size(), AtomicFile.sha256(file, files), crcs);
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
  public Checkpoint best() {
    return known.values().stream()
        .filter(checkpoint -> checkpoint.testAccuracy() != null)
        .max(
            Comparator.comparing(Checkpoint::testAccuracy)
                .thenComparing(Checkpoint::number, Comparator.reverseOrder()))
        .orElse(null);
  }

  /**
   * Returns the newest checkpoint whose every file holds what its manifest says; null when there is
   * no checkpoint.
   *
   * @param report takes a line on each broken one that is passed over
   * @throws InvalidInputException when there are checkpoints and all are broken
   */
  public Checkpoint newestValid(Consumer<String> report) {
    Set<Long> numbers = new TreeSet<>(Comparator.reverseOrder());
    numbers.addAll(known.keySet());
    numbers.addAll(broken.keySet());
    for (long number : numbers) {
      String damage = broken.computeIfAbsent(number, n -> damage(known.get(n)));
      if (damage == null) {
        return known.get(number);
      }
      known.remove(number);
      report.accept(CheckpointFiles.label(number) + " is broken: " + damage);
    }
    if (!numbers.isEmpty()) {
      throw new InvalidInputException(
          "every checkpoint in " + folder + " is broken; remove them to start at the beginning");
    }
    return null;
  }

  /** Returns what is wrong with a checkpoint's files, null when nothing is. */
  private String damage(Checkpoint checkpoint) {
    CheckpointManifest manifest = checkpoint.manifest();
    for (Path file : List.of(checkpoint.model(), checkpoint.optimizer())) {
      TensorFile expected = manifest.files().get(file.getFileName().toString());
      try {
        if (expected == null) {
          return "the manifest does not name " + file.getFileName();
        }
        if (!AtomicFile.sha256(file, files).equals(expected.sha256())) {
          return file.getFileName() + " does not match its SHA-256" + damaged(file, expected);
        }
      } catch (IOException e) {
        return file.getFileName() + " cannot be read: " + e;
      }
    }
    return null;
  }

  /** Returns which tensors differ from their checksum, as far as the file can be read. */
  private String damaged(Path file, TensorFile expected) throws IOException {
    try (SafeTensorsReader reader = SafeTensorsReader.open(file, files)) {
      List<String> names = new ArrayList<>();
      for (SafeTensorSpec spec : reader.tensors()) {
        if (!reader.crc32c(spec.name()).equals(expected.crc32c().get(spec.name()))) {
          names.add(spec.name());
        }
      }
      return names.isEmpty()
          ? ""
          : names.stream().limit(3).collect(Collectors.joining(", ", ": ", ""));
    } catch (InvalidInputException e) {
      return ": " + e.getMessage();
    }
  }
}
