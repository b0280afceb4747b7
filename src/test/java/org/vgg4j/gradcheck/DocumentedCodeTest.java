package org.vgg4j.gradcheck;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The code in docs/gradcheck.md is that of the files it names, which are compiled and run. */
class DocumentedCodeTest {
  private static final Path ROOT = Path.of(System.getProperty("basedir", "."));
  private static final Pattern BLOCK =
      Pattern.compile("<!-- code: (\\S+) -->\n```java\n(.*?)```\n", Pattern.DOTALL);

  @Test
  void documentShowsTheFiles() throws IOException {
    String document = read("docs/gradcheck.md");
    List<String> shown = new ArrayList<>();
    Matcher blocks = BLOCK.matcher(document);
    while (blocks.find()) {
      assertEquals(read(blocks.group(1)), blocks.group(2), blocks.group(1));
      shown.add(blocks.group(1));
    }
    String folder = "src/test/java/com/example/";
    assertEquals(List.of(folder + "SwishTest.java", folder + "Swish.java"), shown);
    assertEquals(
        shown.size(), document.split("```java", -1).length - 1, "a block without its file");
  }

  private static String read(String path) throws IOException {
    return Files.readString(ROOT.resolve(path)).replace("\r\n", "\n");
  }
}
