import os
root = os.path.join("/home/hexa/workspace", "données")
