{{- /* What every pod of the chart has in common: it may do as little as it can. */}}

{{- define "truepen.podSecurity" -}}
automountServiceAccountToken: false
# Kubernetes would otherwise set TRUEPEN_..._PORT for each Service it knows.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "truepen.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- /* (root, service): what may be written, and the certificate. */}}
{{- define "truepen.mounts" -}}
{{- $root := first . -}}
- name: tmp
  mountPath: /tmp
- name: data
  mountPath: /var/lib/truepen
{{- if ne $root.Values.tls.mode "none" }}
- name: tls
  mountPath: /etc/truepen/tls
  readOnly: true
{{- end }}
{{- end -}}

{{- define "truepen.volumes" -}}
{{- $root := first . -}}
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
- name: data
{{- if and (include "truepen.sqlite" $root) (eq (last .) "suite") }}
  persistentVolumeClaim:
    claimName: {{ default (include "truepen.fullname" $root) $root.Values.database.sqlite.existingClaim }}
{{- else }}
  emptyDir:
    sizeLimit: 64Mi
{{- end }}
{{- if ne $root.Values.tls.mode "none" }}
- name: tls
  {{- include "truepen.tlsVolume" . | nindent 2 }}
{{- end }}
{{- end -}}
