package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class NativeFolderTest {
  private static final Path HOME = Path.of("/home/ada");

  @Test
  void isInTheUsersCache() {
    assertEquals(HOME.resolve(".javacpp/cache"), NativeFolder.of(Map.of(), HOME));
    assertEquals(
        Path.of("/xdg/vgg4j/javacpp"), NativeFolder.of(Map.of("XDG_CACHE_HOME", "/xdg"), HOME));
    assertEquals(
        HOME.resolve(".javacpp/cache"), NativeFolder.of(Map.of("XDG_CACHE_HOME", "xdg"), HOME));
  }
}
