package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.data.decoding.CacheOptions;
import org.vgg4j.data.decoding.OnBadImage;
import org.vgg4j.data.decoding.PictureCache;
import org.vgg4j.data.decoding.PictureList;

/** What is said of the caches of pictures, and of their making. */
final class CacheCommandTest {
  @TempDir private Path folder;

  private record One(Path file) implements PictureList {
    @Override
    public String name() {
      return "pets";
    }

    @Override
    public List<String> classNames() {
      return List.of("cat");
    }

    @Override
    public int size() {
      return 1;
    }

    @Override
    public Path file(int index) {
      return file;
    }

    @Override
    public int label(int index) {
      return 0;
    }
  }

  private static List<String> run(Path caches, boolean clear) throws IOException {
    StringWriter text = new StringWriter();
    CacheCommand.run(caches, clear, new PrintWriter(text, true));
    return text.toString().lines().toList();
  }

  @Test
  void cachesAreListedAndCleared() throws IOException {
    Path caches = folder.resolve("caches");
    assertEquals(List.of("no caches in " + caches), run(caches, false));

    Path pictures = Files.createDirectory(folder.resolve("pictures"));
    Path file = pictures.resolve("a.png");
    ImageIO.write(new BufferedImage(8, 6, BufferedImage.TYPE_BYTE_GRAY), "png", file.toFile());
    StringWriter err = new StringWriter();
    try (DecodingProgress progress = new DecodingProgress(new PrintWriter(err))) {
      CacheOptions options = new CacheOptions(caches, 4, OnBadImage.STOP, 1);
      PictureCache.open(new One(file), options, progress);
    }
    List<String> said = err.toString().lines().toList();
    assertEquals("decoding the 1 pictures of pets", said.get(0));
    assertTrue(said.get(1).matches("decoded pets in 0 s \\([\\d,]+ images/s\\)"), said.get(1));
    assertEquals(2, said.size());

    List<String> listed = run(caches, false);
    String line = pictures + ": 1 images, shorter side at most 4, ";
    assertTrue(listed.get(0).startsWith(line), listed.get(0));
    assertTrue(listed.get(1).endsWith(" in " + caches), listed.get(1));
    List<String> kept = run(caches, true);
    assertTrue(kept.get(0).startsWith("in use, kept: " + line), kept.get(0));
    assertEquals("removed 0 caches, 0 B", kept.get(1));

    // As if the process that uses it had ended.
    Path other = folder.resolve("other");
    Files.createDirectory(other);
    try (var all = Files.list(caches).filter(Files::isDirectory)) {
      Files.move(all.findFirst().orElseThrow(), other.resolve("0123ab-" + "0".repeat(24)));
    }
    assertTrue(run(other, true).get(0).startsWith("removed 1 cache, "));
    assertEquals(List.of("no caches in " + other), run(other, false));
  }
}
