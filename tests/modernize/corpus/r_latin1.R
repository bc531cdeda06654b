# Préparation des données de la région de l'Est, été 2021
dossier <- "/home/hexa/workspace/données/été"
fichier <- file.path(dossier, "relevés.csv")
relevés <- read.csv(fichier, fileEncoding = "latin1")
write.csv(relevés, "relevés_propres.csv")
