package org.vgg4j.io;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.vgg4j.io.SafeTensorsHeader.Entry;
import org.vgg4j.tensor.InvalidInputException;

/** Checks where the tensors' data are in a file: every byte must belong to exactly one tensor. */
final class DataLayout {
  private DataLayout() {}

  /**
   * Returns the entries in the order of their data.
   *
   * @param dataBytes the bytes that follow the header
   * @throws InvalidInputException when data overlap, leave a gap or extend beyond the file
   */
  static List<Entry> checked(Path file, List<Entry> entries, long dataBytes) {
    List<Entry> sorted = new ArrayList<>(entries);
    sorted.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long covered = 0;
    for (Entry entry : sorted) {
      String tensor = "tensor " + Damage.quote(entry.spec().name());
      if (entry.begin() < covered) {
        throw Damage.of(file, tensor + ": its data overlap another tensor's");
      }
      if (entry.begin() > covered) {
        String text = "%s: the %d bytes before its data belong to no tensor";
        throw Damage.of(file, text.formatted(tensor, entry.begin() - covered));
      }
      if (entry.end() > dataBytes) {
        String text = "%s: its data end at byte %d of the %d that follow the header (truncated?)";
        throw Damage.of(file, text.formatted(tensor, entry.end(), dataBytes));
      }
      covered = entry.end();
    }
    if (covered < dataBytes) {
      throw Damage.of(file, "the last " + (dataBytes - covered) + " bytes belong to no tensor");
    }
    return sorted;
  }
}
