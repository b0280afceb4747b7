package org.vgg4j.paper;

/** How a picture is tested at one or several sizes. */
enum TestWay {
  /** The net over the whole picture. */
  DENSE("dense"),
  /** 5 x 5 crops and their mirror images at each size. */
  CROPS("multi-crop"),
  /** The mean of both. */
  BOTH("multi-crop and dense");

  private final String text;

  TestWay(String text) {
    this.text = text;
  }

  /** Returns the paper's words. */
  String text() {
    return text;
  }
}
