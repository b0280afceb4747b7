package org.vgg4j.data.sets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names by the hundred thousand, which stay sorted, whole, and out of the heap. */
final class FileListingTest {
  private static final int FOLDERS = 8;
  private static final int EACH = 25_000;

  @TempDir private Path folder;

  private static String name(int file) {
    return "picture number %06d \u00e9\ud83d\ude00.jpeg".formatted(file);
  }

  /** As strings in a list they would take 20 MB and more. */
  @Test
  void manyNamesTakeNoHeap() throws IOException {
    long before = used();
    FileListing listing = FileListing.in(folder);
    for (int f = 0; f < FOLDERS; f++) {
      listing.begin("class " + f);
      int step = 7919; // coprime to the number of files: an order without order
      for (long i = 0; i < EACH; i++) {
        listing.add(name((int) (i * step % EACH)));
      }
      listing.end();
    }
    listing.close();
    long growth = used() - before;
    assertTrue(growth < 3 << 20, "the heap grew by " + growth + " bytes");
    assertEquals(FOLDERS * EACH, listing.size());
    Random random = new Random(1);
    for (int k = 0; k < 2000; k++) {
      int i = random.nextInt(listing.size());
      Path expected = Path.of("root", "class " + i / EACH, name(i % EACH));
      assertEquals(expected, listing.file(Path.of("root"), i));
    }
  }

  private static long used() {
    long least = Long.MAX_VALUE;
    for (int time = 0; time < 3; time++) {
      System.gc();
      Runtime java = Runtime.getRuntime();
      least = Math.min(least, java.totalMemory() - java.freeMemory());
    }
    return least;
  }

  /** Nothing is left when the process ends in any way. */
  @Test
  void theFilesHaveNoNamesOnceTheyAreOpen() throws IOException {
    try (FileListing listing = FileListing.in(folder)) {
      listing.begin("a");
      listing.add("b");
      listing.end();
      try (Stream<Path> left = Files.list(folder)) {
        assertEquals(0, left.count());
      }
    }
  }

  @Test
  void numbersAreSortedByAnyComparison() {
    Random random = new Random(2);
    for (int count : new int[] {0, 1, 2, 3, 64, 1000, 1023}) {
      int[] values = random.ints(count, 0, 500).toArray();
      int[] expected = Stream.of(values.clone()).findFirst().orElseThrow();
      java.util.Arrays.sort(expected);
      IntSort.sort(values, count, Integer::compare);
      org.junit.jupiter.api.Assertions.assertArrayEquals(expected, values);
    }
  }

  /** What cannot be written says nothing of the folder that is read. */
  @Test
  void aListThatCannotBeWrittenIsNoUnreadableFolder() throws IOException {
    Path classes = Files.createDirectories(folder.resolve("pictures"));
    Files.createDirectory(classes.resolve("cat"));
    FileListing listing = FileListing.in(folder.resolve("lists"));
    listing.close(); // as on a full disk, nothing can be written any more
    FolderWalk walk = new FolderWalk(classes, listing);
    assertThrows(UncheckedIOException.class, () -> walk.list("cat"));
  }
}
