package org.vgg4j.data.sets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DataPlacesTest {
  private static final Path HOME = Path.of("home", "ada");

  @ParameterizedTest
  @CsvSource({
    "Linux, home/ada/.cache",
    "FreeBSD, home/ada/.cache",
    "Mac OS X, home/ada/Library/Caches",
    "Windows 11, home/ada/.cache"
  })
  void theCacheIsThatOfTheSystem(String system, String cache) {
    assertCache(cache, system, Map.of());
  }

  @Test
  void windowsNamesItsCache() {
    assertCache("local", "Windows 11", Map.of("LOCALAPPDATA", "local"));
    assertCache("home/ada/.cache", "Windows 11", Map.of("LOCALAPPDATA", ""));
    assertCache("home/ada/.cache", "Linux", Map.of("LOCALAPPDATA", "local"));
    assertCache("home/ada/Library/Caches", "Mac OS X", Map.of("LOCALAPPDATA", "local"));
  }

  /** A relative one is to be ignored (XDG Base Directory Specification). */
  @Test
  void xdgNamesTheCache() {
    String absolute = Path.of("xdg").toAbsolutePath().toString();
    for (String system : new String[] {"Linux", "Mac OS X", "Windows 11"}) {
      Map<String, String> both = Map.of("XDG_CACHE_HOME", absolute, "LOCALAPPDATA", "local");
      assertCache(absolute, system, both);
    }
    assertCache("home/ada/.cache", "Linux", Map.of("XDG_CACHE_HOME", "xdg"));
    assertCache("home/ada/.cache", "Linux", Map.of("XDG_CACHE_HOME", ""));
  }

  /** In Turkish the lower case of I is another letter. */
  @Test
  void theSystemsNameIsReadInAnyCaseAndLanguage() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("tr"));
    try {
      assertCache("local", "WINDOWS NT", Map.of("LOCALAPPDATA", "local"));
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void theEnvironmentNamesAFolder() {
    assertNull(of("Linux", Map.of()).named());
    assertNull(of("Linux", Map.of("VGG4J_DATA", "")).named());
    assertEquals(Path.of("sets"), of("Linux", Map.of("VGG4J_DATA", "sets")).named());
  }

  @Test
  void theRestIsFixed() {
    DataPlaces places = of("Linux", Map.of());
    assertEquals(Path.of("/usr/share/datasets/fashion-mnist"), places.system());
    assertEquals(Path.of("checkout", "data", "sample"), places.sample());
    assertEquals(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-labels-idx1-ubyte.gz",
        places.fashionMnist().resolve("train-labels-idx1-ubyte.gz").toString());
  }

  private static void assertCache(String cache, String system, Map<String, String> environment) {
    assertEquals(
        Path.of(cache).resolve("vgg4j").resolve("fashion-mnist"),
        of(system, environment).cached("fashion-mnist"));
  }

  private static DataPlaces of(String system, Map<String, String> environment) {
    return DataPlaces.of(environment, system, HOME, Path.of("checkout"));
  }
}
