package org.vgg4j.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class UserFoldersTest {
  /** Java's home is that of the list of users, which HOME overrides. */
  @Test
  void homeIsThatOfTheEnvironment() {
    assertEquals(Path.of("/work"), home(Map.of("HOME", "/work"), "Linux", "/root"));
    assertEquals(Path.of("/work"), home(Map.of("HOME", "/work"), "Mac OS X", "/root"));
    assertEquals(Path.of("/root"), home(Map.of(), "Linux", "/root"));
    assertEquals(Path.of("/root"), home(Map.of("HOME", ""), "Linux", "/root"));
    assertEquals(Path.of("/root"), home(Map.of("HOME", "work"), "Linux", "/root"));
    assertEquals(Path.of("/u"), home(Map.of("HOME", "/c/Users/ada"), "Windows 11", "/u"));
  }

  /** What Java says for a user that the system does not know, as containers have. */
  @Test
  void anUnknownUserHasATemporaryHome() {
    Path home = home(Map.of(), "Linux", "?");
    assertTrue(home.isAbsolute() && home.endsWith("vgg4j-home"), home::toString);
  }

  private static Path home(Map<String, String> environment, String system, String javaHome) {
    return UserFolders.home(environment, system, javaHome);
  }
}
