/** The paper's comparison of its nets: what is trained and tested, its tables, what they show. */
package org.vgg4j.paper;
