{{- /* Faults that a schema cannot see, each with what to do about it. */}}
{{- define "truepen.validate" -}}
{{- $faults := list -}}
{{- $values := .Values -}}
{{- $sqlite := include "truepen.sqlite" . -}}
{{- if and $sqlite (eq $values.mode "split") -}}
{{- $faults = append $faults "database.engine: SQLite has one process; set mode: single, or database.engine: postgresql" -}}
{{- end -}}
{{- if and $sqlite (eq $values.mode "single") -}}
{{- $suite := include "truepen.service" (list . "suite") | fromYaml -}}
{{- if or (gt (int $suite.replicas) 1) $suite.autoscaling.enabled -}}
{{- $faults = append $faults "services.suite: SQLite has one process; set replicas: 1 and autoscaling.enabled: false, or database.engine: postgresql" -}}
{{- end -}}
{{- end -}}
{{- if and (not $sqlite) (not $values.secrets.existingSecret) -}}
{{- $faults = append $faults "secrets.existingSecret: name the Secret that holds the database URLs and keys; the README tells how to make it" -}}
{{- end -}}
{{- if and (eq $values.tls.mode "none") (eq $values.mode "split") -}}
{{- if not $values.tls.acceptPlaintext -}}
{{- $faults = append $faults "tls.mode: services would call each other in plaintext; choose another, or set tls.acceptPlaintext where a mesh encrypts" -}}
{{- end -}}
{{- if not $values.access.cluster.enabled -}}
{{- $faults = append $faults "tls.mode: without certificates services know each other by token alone; set access.cluster.enabled" -}}
{{- end -}}
{{- end -}}
{{- if not $values.nats.url -}}
{{- if or $values.nats.credentials.existingSecret $values.nats.ca.configMap $values.nats.domain -}}
{{- $faults = append $faults "nats.url: name the servers that the rest of nats is for" -}}
{{- end -}}
{{- end -}}
{{- $ports := list (int $values.ports.grpc) (int $values.ports.bearer) (int $values.ports.health) (int $values.ports.metrics) -}}
{{- if ne (len (uniq $ports)) 4 -}}
{{- $faults = append $faults "ports: grpc, bearer, health and metrics must differ" -}}
{{- end -}}
{{- $issuers := list -}}
{{- if $values.access.cluster.enabled }}{{ $issuers = append $issuers "cluster" }}{{ end -}}
{{- range $values.access.issuers }}{{ $issuers = append $issuers .name }}{{ end -}}
{{- if ne (len (uniq $issuers)) (len $issuers) -}}
{{- $faults = append $faults (printf "access.issuers: names must differ, and cluster is that of access.cluster: %s" (join ", " $issuers)) -}}
{{- end -}}
{{- range $values.access.callers -}}
{{- if and .issuer (not (has .issuer $issuers)) -}}
{{- $faults = append $faults (printf "access.callers: no issuer is named %s; name it in access.issuers%s" .issuer (ternary ", or set access.cluster.enabled" "" (eq .issuer "cluster"))) -}}
{{- end -}}
{{- end -}}
{{- range $name := include "truepen.names" . | fromJsonArray -}}
{{- $service := include "truepen.service" (list $ $name) | fromYaml -}}
{{- with include "truepen.configFaults" (list $ $name) | trim -}}
{{- $faults = concat $faults (splitList "\n" .) -}}
{{- end -}}
{{- $scaling := $service.autoscaling -}}
{{- if and $scaling.enabled (gt (int $scaling.minReplicas) (int $scaling.maxReplicas)) -}}
{{- $faults = append $faults (printf "services.%s.autoscaling: minReplicas %d is above maxReplicas %d" $name (int $scaling.minReplicas) (int $scaling.maxReplicas)) -}}
{{- end -}}
{{- end -}}
{{- if $faults -}}
{{- fail (printf "\n\n  %s\n" (join "\n  " (uniq $faults))) -}}
{{- end -}}
{{- end -}}
